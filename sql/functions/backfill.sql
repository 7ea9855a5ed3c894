-- call rowhook.backfill('orders', table_name => 'public.orders', filter => 'created_at > now() - interval ''1 day'''):
-- sends the rows that are there now to a sink, between the changes before and after them.
--   table_name  one of the sink's tables; default: all of them
--   filter      a SQL condition; default: all rows that the sink's own filter wants
-- Raises with a hint on bad input. Not security definer, because of rowhook.plan_filter.
create or replace procedure rowhook.backfill(sink text, table_name text default null, filter text default null)
language plpgsql
as $$
declare
  v_sink     int := rowhook.sink_named(backfill.sink);
  v_tables   jsonb;
  v_source   record;
begin
  select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('source_id', t.source_id, 'where', backfill.filter))
  into v_tables
  from rowhook.sink_sources(v_sink, backfill.table_name) t;
  if backfill.filter is not null then
    for v_source in select t.relid from rowhook.sink_sources(v_sink, backfill.table_name) t loop
      perform rowhook.plan_filter(v_source.relid, backfill.filter);
    end loop;
  end if;
  perform rowhook.request_backfill(v_sink, v_tables);
end
$$;
