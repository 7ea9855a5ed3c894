-- rowhook.replay_verdicts(replay, after, limit, bytes): looks at the next events of a replay's window behind
-- id p_after, p_limit of them and p_bytes of stored payload at most, and says of each whether the sink
-- wants it now, by its tables, actions and filters as they are today and the replay's own filter:
--   verdict  wanted | error (see `error`) | stale (its table waits for an edit of the sink)
--            an event that is not wanted gives no row
--   grp, old_grp  as in rowhook.event
-- The last row has the verdict "end": its event_id is how far this has looked, and that is the replay's
-- until_id when nothing is left.
-- What is not committed yet is not there for a replay, as it is not for any reader: it goes out live.
create or replace function rowhook.replay_verdicts(
  p_replay rowhook.replay, p_after bigint, p_limit int, p_bytes bigint)
returns table (event_id bigint, source_id int, verdict text, grp text, old_grp text, error text)
language plpgsql volatile
set search_path = ''
as $$
declare
  v_entry   rowhook.sink_table;
  v_ids     bigint[];
  v_from    int[];
  v_found   bigint[];
  v_extra   jsonb;
begin
  select array_agg(b.id order by b.id), array_agg(b.source_id order by b.id) into v_ids, v_from
  from (
    select e.id, e.source_id, sum(e.size) over (order by e.id) - e.size as before
    from unnest(p_replay.source_ids) s(id)
    cross join lateral (
      select e.id, e.source_id,
             coalesce(pg_catalog.pg_column_size(e.record), 0)
               + coalesce(pg_catalog.pg_column_size(e.changes), 0) as size
      from rowhook.event e
      where e.source_id = s.id
        and e.id > p_after
        and e.id <= p_replay.until_id
        and e.captured_at >= coalesce(p_replay.since, '-infinity')
        and e.captured_at < p_replay.until
        and e.action <> 'r'
      order by e.id
      limit p_limit) e
    order by e.id
    limit p_limit) b
  where b.before < p_bytes;

  for v_entry in
    select t.* from rowhook.sink_table t
    where t.sink_id = p_replay.sink_id and t.source_id = any (p_replay.source_ids)
  loop
    v_found := array(select i.id from unnest(v_ids, v_from) i(id, source_id) where i.source_id = v_entry.source_id);
    continue when v_found = '{}';
    v_extra := p_replay.filter_parts -> v_entry.source_id::text;
    if v_entry.filter_parts is null and v_entry.group_columns is null and v_entry.exclude_columns = '{}'
       and v_entry.stale_reason is null and v_extra is null
    then
      -- nothing to evaluate
      return query
        select e.id, e.source_id, 'wanted', null::text, null::text, null::text
        from rowhook.event e
        where e.source_id = v_entry.source_id and e.id = any (v_found)
          and e.captured_at >= coalesce(p_replay.since, '-infinity') and e.captured_at < p_replay.until
          and e.action::text = any (array(select left(a, 1) from unnest(rowhook.wanted_actions(v_entry)) a))
          and (e.action <> 'u' or v_entry.unchanged or e.changes::text <> '{}');
      continue;
    end if;
    return query
      select d.event_id, v_entry.source_id,
             case when d.verdict = 'wanted' and x.error is not null then 'error' else d.verdict end,
             d.grp, d.old_grp, coalesce(d.error, x.error)
      from rowhook.decide(p_replay.sink_id, v_found, v_entry.source_id) d
      left join rowhook.judge(v_entry.source_id, v_found, v_extra) x
        on x.event_id = d.event_id and v_extra is not null
      where d.verdict <> 'unwanted' and (v_extra is null or x.error is not null or x.wanted);
  end loop;

  event_id := case when cardinality(v_ids) > 0 and (
      cardinality(v_ids) = p_limit
      or exists (
        select from unnest(p_replay.source_ids) s(id)
        join rowhook.event e on e.source_id = s.id and e.id > v_ids[cardinality(v_ids)] and e.id <= p_replay.until_id
        where e.captured_at >= coalesce(p_replay.since, '-infinity') and e.captured_at < p_replay.until
          and e.action <> 'r'))
    then v_ids[cardinality(v_ids)] else p_replay.until_id end;
  source_id := null;
  verdict := 'end';
  grp := null;
  old_grp := null;
  error := null;
  return next;
end
$$;
