-- rowhook.note_activity(rows): adds what was sent to the minutes in which it was sent:
--   p_rows  [{"sink_id", "at", "messages", "requests", "failed", "latency": [int, …]}], a row for each sink
--           and minute
-- Rows of sinks that are gone are left out. In the order of the key, so that two dispatchers that add to
-- the same minutes wait for each other and never both ways. Writes rowhook.activity.
create or replace function rowhook.note_activity(p_rows jsonb) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into rowhook.activity as a (sink_id, at, messages, requests, failed, latency)
  select r.sink_id, r.at, r.messages, r.requests, r.failed, r.latency
  from jsonb_to_recordset(p_rows) r(
    sink_id int, at timestamptz, messages bigint, requests int, failed int, latency int[])
  where exists (select from rowhook.sink s where s.id = r.sink_id)
  order by r.sink_id, r.at
  on conflict (sink_id, at) do update
  set messages = a.messages + excluded.messages,
      requests = a.requests + excluded.requests,
      failed = a.failed + excluded.failed,
      latency = array(
        select coalesce(l.was, 0) + coalesce(l.more, 0)
        from unnest(a.latency, excluded.latency) with ordinality l(was, more, place)
        order by l.place)
$$;
