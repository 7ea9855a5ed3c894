-- rowhook.refresh_source(source): makes the capture function of a source anew from its rows in source
-- and sink_table and from the table as it is now; takes no lock on the table. Returns whether the
-- table exists. Writes source, sink_table.stale_reason and .fit; nothing when nothing changed since the last.
-- The row lock on the source keeps two refreshes of one source apart; no user's statement takes it.
create or replace function rowhook.refresh_source(source_id int) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_source  rowhook.source;
  v_fit     record;
  v_spec    jsonb;
  v_fault   text;
  v_seen    text;
begin
  select * into strict v_source from rowhook.source s where s.id = refresh_source.source_id for update;
  if v_source.fingerprint = rowhook.source_fingerprint(v_source.id)
     and to_regprocedure(format('rowhook.capture_%s()', v_source.id)) is not null then
    return true;
  end if;
  v_fit := rowhook.fit_entries(v_source.id);
  if not exists (select from pg_catalog.pg_class c where c.oid = v_source.relid) then
    update rowhook.source s set fingerprint = rowhook.source_fingerprint(s.id), refreshed_at = now()
    where s.id = v_source.id;
    return false;
  end if;

  update rowhook.source s
  set schema_name = n.nspname,
      table_name = c.relname,
      columns = rowhook.remember_names(s.columns, rowhook.table_columns(s.relid)),
      key_columns = rowhook.table_key(s.relid),
      omitted_columns = rowhook.omitted_columns(s.id)
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where s.id = v_source.id and c.oid = s.relid;

  -- before the table is looked at: no lock keeps it from being altered meanwhile, and then this refresh
  -- must not pass for the one that the alteration needs
  v_seen := rowhook.source_fingerprint(v_source.id);
  v_spec := rowhook.capture_spec(v_source.id);
  if v_spec ->> 'digest' <> v_fit.digest or (v_spec ->> 'unfit')::boolean then
    v_seen := null;
  end if;
  v_fault := rowhook.capture_plans(v_spec, case when v_source.fault is null then v_fit.changed end);
  if v_fault is not null then
    -- code that is never current: all verdicts are left to the reader, and no write fails
    raise warning using
      message = format('rowhook: %I.%I is captured without compiled filters', v_source.schema_name, v_source.table_name),
      detail = v_fault;
    v_spec := v_spec || jsonb_build_object('digest', 'none');
  end if;
  execute rowhook.capture_code(v_spec);
  execute format('revoke all on function rowhook.capture_%s() from public', v_source.id);
  if to_regprocedure(format('rowhook.rows_%s()', v_source.id)) is not null then
    execute rowhook.rows_code(v_spec);
  end if;
  if to_regprocedure(format('rowhook.moves_%s()', v_source.id)) is not null then
    execute rowhook.moves_code(v_spec);
    execute rowhook.merges_code(v_source.id);
  end if;
  update rowhook.source s set fingerprint = v_seen, fault = v_fault, refreshed_at = now() where s.id = v_source.id;
  return true;
end
$$;
