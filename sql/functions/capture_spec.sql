-- rowhook.capture_spec(source): what the generated code of a source must do, from its rows in source
-- and sink_table and from the table as it is now:
--   source, relid, digest
--   columns    rowhook.table_columns
--   names      {"<attnum>": "name"}
--   key        attnums
--   omitted    attnums that the stored record goes without
--   listed     columns must be listed one by one (see rowhook.print_rows)
--   entries    one per sink, by its id: sink, actions, parts, guarded, uses_old, group_columns,
--              exclude_columns, unchanged, stale
--   retention  {"parts", "guarded", "uses_old"}; null: history is not kept. Without parts, because its
--              filter is none or no longer fits, everything is kept
-- `guarded`: evaluating the filter may raise, or planning it may, because it leans on a type that
-- a user made. `uses_old`: it names the old row.
create or replace function rowhook.capture_spec(p_source int) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_source   rowhook.source;
  v_columns  jsonb;
begin
  select * into strict v_source from rowhook.source s where s.id = p_source;
  v_columns := rowhook.table_columns(v_source.relid);
  return jsonb_build_object(
    'source', v_source.id,
    'relid', v_source.relid::oid::bigint,
    'digest', rowhook.table_digest(v_source.relid),
    'columns', v_columns,
    'names', rowhook.column_names(v_source.relid),
    'key', to_jsonb(rowhook.table_key(v_source.relid)),
    'omitted', to_jsonb(v_source.omitted_columns),
    'listed',
      v_columns @? '$[*].expression'
      or exists (
        select from rowhook.table_tree(v_source.relid) t
        where t.relid <> v_source.relid
          and array(select c.name from rowhook.live_columns(t.relid) c order by c.attnum)
              <> array(select c ->> 'name' from jsonb_array_elements(v_columns) c)),
    'entries', coalesce((
      select jsonb_agg(jsonb_build_object(
               'sink', t.sink_id,
               'actions', to_jsonb(rowhook.wanted_actions(t)),
               'parts', t.filter_parts,
               'guarded', rowhook.needs_guard(t.filter_parts, t.filter_can_raise, v_columns),
               'uses_old', t.filter_parts @? '$[*] ? (@.side == "old")',
               'group_columns', to_jsonb(t.group_columns),
               'exclude_columns', to_jsonb(t.exclude_columns),
               'unchanged', t.unchanged,
               'stale', t.stale_reason is not null) order by t.sink_id)
      from rowhook.sink_table t where t.source_id = p_source), '[]'),
    'retention', case when v_source.retention is not null then jsonb_build_object(
      'parts', case when rowhook.filter_fits(v_source.relid, v_source.retention_parts) is null
        then v_source.retention_parts end,
      'guarded', rowhook.needs_guard(v_source.retention_parts, v_source.retention_can_raise, v_columns),
      'uses_old', v_source.retention_parts @? '$[*] ? (@.side == "old")') end);
end
$$;
