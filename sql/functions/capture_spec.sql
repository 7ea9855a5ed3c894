-- rowhook.capture_spec(source): what the generated code of a source must do, from its rows in source
-- and sink_table and from the table as it is now:
--   source, relid, digest
--   columns    rowhook.table_columns
--   names      {"<attnum>": "name"}
--   key        attnums
--   omitted    attnums that the stored record goes without
--   listed     columns must be listed one by one (see rowhook.print_rows)
--   entries    one per sink, by its id: sink, actions, group_columns, exclude_columns, unchanged, stale,
--              and what rowhook.print_fit says
--   retention  what rowhook.print_fit says; null: history is not kept. Without a condition, because its
--              filter is none or no longer fits, everything is kept
--   moves      a merge may move rows to another partition (rowhook.moves_code)
--   unfit      an entry was held against another state of the table, or not yet at all
-- Entries that are unfit count as stale: their verdicts are left to the reader.
create or replace function rowhook.capture_spec(p_source int) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_source   rowhook.source;
  v_columns  jsonb;
  v_names    jsonb;
  v_digest   text;
  v_parts    jsonb;
  v_entries  record;
begin
  select * into strict v_source from rowhook.source s where s.id = p_source;
  v_columns := rowhook.table_columns(v_source.relid);
  v_names := rowhook.column_names(v_source.relid);
  v_digest := rowhook.table_digest(v_source.relid);
  v_parts := case when rowhook.filter_fits(v_source.relid, v_source.retention_parts) is null
    then v_source.retention_parts end;
  select coalesce(jsonb_agg(jsonb_build_object(
           'sink', t.sink_id,
           -- a sink of message_type rows is about what leaves a version of the row
           'actions', case when k.message_type = 'rows'
             then to_jsonb(array(select a from unnest(t.actions) a where a in ('insert', 'update')))
             else to_jsonb(t.actions) end,
           'group_columns', to_jsonb(t.group_columns),
           'exclude_columns', to_jsonb(t.exclude_columns),
           'unchanged', t.unchanged,
           'stale', t.stale_reason is not null or t.fit ->> 'table' is distinct from v_digest,
           'guarded', t.fit -> 'guarded',
           'uses_old', t.fit -> 'uses_old',
           'settings', t.fit -> 'settings',
           'condition', t.fit -> 'condition') order by t.sink_id), '[]') as list,
         coalesce(bool_or(t.fit ->> 'table' is distinct from v_digest), false) as unfit
  into v_entries
  from rowhook.sink_table t
  join rowhook.sink k on k.id = t.sink_id
  where t.source_id = p_source;
  return jsonb_build_object(
    'source', v_source.id,
    'relid', v_source.relid::oid::bigint,
    'digest', v_digest,
    'columns', v_columns,
    'names', v_names,
    'key', to_jsonb(rowhook.table_key(v_source.relid)),
    'omitted', to_jsonb(v_source.omitted_columns),
    'listed',
      v_columns @? '$[*].expression'
      or exists (
        select from rowhook.table_tree(v_source.relid) t
        where t.relid <> v_source.relid
          and array(select c.name from rowhook.live_columns(t.relid) c order by c.attnum)
              <> array(select c ->> 'name' from jsonb_array_elements(v_columns) c)),
    'moves', rowhook.may_move_rows(v_source.relid),
    'entries', v_entries.list,
    'unfit', v_entries.unfit,
    'retention', case when v_source.retention is not null then
      rowhook.print_fit(v_parts, v_source.retention_can_raise, v_columns, v_names) end);
end
$$;
