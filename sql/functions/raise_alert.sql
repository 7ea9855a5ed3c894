-- rowhook.raise_alert(sink, event, data, every): tells the sink's alert endpoint, if it has one, once this
-- transaction has committed: sink.failing, sink.paused, sink.recovered, backfill.failed, retention.blocked.
--   p_every  not again when the same was told within this time; null: each time
-- Never raises for a sink that is not there. Writes rowhook.alert only.
create or replace function rowhook.raise_alert(
  p_sink int, p_event text, p_data jsonb default '{}', p_every interval default null)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into rowhook.alert (sink_id, event, data, at)
  select s.id, p_event, p_data, rowhook.now()
  from rowhook.sink s
  where s.id = p_sink and s.alert_endpoint_id is not null
    and not exists (
      select from rowhook.alert a
      where p_every is not null and a.sink_id = p_sink and a.event = p_event
        and a.at > rowhook.now() - p_every)
$$;
