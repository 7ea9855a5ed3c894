-- rowhook.stale_reason(sink_table row): a sentence that says why this table's changes must wait for an
-- edit of the sink: a column that it names is gone, or its filter no longer plans. Null: all is well.
-- Columns are known by number, so a rename is no reason, and a new column of an old name is one.
create or replace function rowhook.stale_reason(p_entry rowhook.sink_table) returns text
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_source   rowhook.source;
  v_name     text;
  v_names    jsonb;
  v_other    regclass;
  v_missing  record;
  v_error    text;
begin
  select * into strict v_source from rowhook.source s where s.id = p_entry.source_id;
  v_name := format('%I.%I', v_source.schema_name, v_source.table_name);
  if not exists (select from pg_catalog.pg_class c where c.oid = v_source.relid) then
    return format('table %s was dropped; create it again and save the sink, or take it out of the sink', v_name);
  end if;
  if (p_entry.column_names ->> 'table')::oid <> v_source.relid::oid then
    return format('table %s was dropped and made anew; save the sink to capture the new one', v_name);
  end if;
  if exists (select from pg_catalog.pg_class c where c.oid = v_source.relid and c.relispartition) then
    return format('table %s has become a partition of %s; name that table in the sink instead', v_name,
      pg_catalog.pg_partition_root(v_source.relid));
  end if;
  select i.inhparent::regclass into v_other from pg_catalog.pg_inherits i where i.inhrelid = v_source.relid limit 1;
  if found then
    return format('table %s has become a child of %s, and its triggers do not see statements on that table; '
      'name that table in the sink, or end the inheritance', v_name, v_other);
  end if;
  v_other := (rowhook.foreign_members(v_source.relid))[1];
  if v_other is not null then
    return format('table %s has a foreign member, %s, which Postgres does not let triggers with transition tables see; '
      'detach it, or take the table out of the sink', v_name, v_other);
  end if;
  v_names := rowhook.column_names(v_source.relid);
  select * into v_missing
  from (
    select unnest(p_entry.filter_columns), 'filter'
    union all select unnest(p_entry.group_columns), 'group_by'
    union all select unnest(p_entry.exclude_columns), 'exclude_columns') u(attnum, field)
  where not v_names ? u.attnum::text
  limit 1;
  if found then
    return format('column %I of %s, which %s names, was dropped; edit %3$s and save the sink',
      coalesce(p_entry.column_names ->> v_missing.attnum::text, v_missing.attnum::text), v_name, v_missing.field);
  end if;
  select * into v_missing
  from (
    select unnest(p_entry.filter_columns), 'filter'
    union all select unnest(p_entry.group_columns), 'group_by') u(attnum, field)
  where u.attnum = any (rowhook.unknown_columns(v_source.relid))
  limit 1;
  if found then
    return format('column %I of %s, which %s names, is computed from tableoid, and triggers do not see in which partition or child '
      'of a table a row lies; edit %3$s and save the sink', v_names ->> v_missing.attnum::text, v_name, v_missing.field);
  end if;
  if p_entry.filter_parts is not null then
    v_error := rowhook.filter_fits(v_source.relid, p_entry.filter_parts);
    if v_error is not null then
      return format('the filter on %s no longer fits the table (%s); edit it and save the sink', v_name, v_error);
    end if;
  end if;
  return null;
end
$$;
