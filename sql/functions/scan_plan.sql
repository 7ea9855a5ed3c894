-- rowhook.scan_plan(backfill table, relid): how a backfill reads its table: {"shape", "columns", "order"}, of
-- rowhook.table_columns and rowhook.scan_order. Finding that out costs as much as reading some hundred rows, so
-- it is kept until the table is altered: `shape` is what it was found out of.
create or replace function rowhook.scan_plan(p_table rowhook.backfill_table, p_relid oid) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_shape    text := rowhook.table_digest(p_relid) || (
    select concat(array_agg(a.attnum order by a.attnum)) from pg_attribute a
    where a.attrelid = p_relid and a.attnotnull and not a.attisdropped);
  v_columns  jsonb;
  v_plan     jsonb;
begin
  if p_table.plan ->> 'shape' = v_shape then
    return p_table.plan;
  end if;
  v_columns := rowhook.table_columns(p_relid);
  v_plan := jsonb_build_object('shape', v_shape, 'columns', v_columns,
    'order', rowhook.scan_order(p_relid, p_table.sort_column, v_columns));
  update rowhook.backfill_table t set plan = v_plan where t.id = p_table.id;
  return v_plan;
end
$$;
