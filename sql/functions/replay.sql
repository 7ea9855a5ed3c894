-- call rowhook.replay('orders', since => now() - interval '2 hours'): sends changes of the past to a sink
-- again, or for the first time, beside the live ones.
--   since, until  since <= commit_timestamp < until; until defaults to now
--   filter        a SQL condition over the changes, and-ed to the sink's own
--   table_name    one of the sink's tables; default: all of them
--   since_id, until_id  event ids, inclusive; instead of the times, or beside them
-- Raises with a hint on bad input. Not security definer, because of rowhook.plan_filter.
create or replace procedure rowhook.replay(
  sink text, since timestamptz default null, until timestamptz default null, filter text default null,
  table_name text default null, since_id bigint default null, until_id bigint default null)
language plpgsql
as $$
declare
  v_sink    int := rowhook.sink_named(replay.sink);
  v_source  record;
begin
  if replay.filter is not null then
    for v_source in select t.relid from rowhook.sink_sources(v_sink, replay.table_name) t loop
      perform rowhook.plan_filter(v_source.relid, replay.filter);
    end loop;
  end if;
  perform rowhook.request_replay(v_sink, pg_catalog.jsonb_build_object(
    'since', replay.since, 'until', replay.until, 'filter', replay.filter, 'table_name', replay.table_name,
    'since_id', replay.since_id, 'until_id', replay.until_id));
end
$$;
