-- rowhook.fit_entries(source): holds the entries of sinks against their table: are they stale, and if
-- not, what are their conditions in SQL? Only those that were edited since they were last looked at, or
-- whose table was altered: each has its filter planned, and on a table with a thousand sinks an edit of
-- one of them must not cost a thousand times that.
--   digest   the rowhook.table_digest for which the conditions are printed
--   changed  sinks whose entries were looked at
-- An entry that somebody else is about to save is left to them, or the two would wait for each other:
-- they hold its row, and want that of the source, which we have.
-- Writes sink_table.stale_reason and .fit.
create or replace function rowhook.fit_entries(p_source int, out digest text, out changed int[])
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_relid    oid := (select s.relid from rowhook.source s where s.id = p_source);
  v_state    text;
  v_columns  jsonb;
  v_names    jsonb;
  v_entry    record;
  v_reason   text;
begin
  changed := '{}';
  -- no lock keeps the table from being altered meanwhile
  for i in 1..5 loop
    digest := rowhook.table_digest(v_relid);
    v_state := md5(concat_ws(';', rowhook.table_state(p_source), digest));
    v_columns := null;
    for v_entry in
      select t as entry, e.of
      from rowhook.sink_table t
      cross join lateral (
        select md5(concat_ws(';', v_state, t.filter_parts, t.filter_can_raise, t.filter_columns, t.group_columns,
          t.exclude_columns, t.column_names)) as of) e
      where t.source_id = p_source
        and (t.fit ->> 'of' is distinct from e.of or t.fit ->> 'stale' is distinct from t.stale_reason)
      order by t.id
      for update of t skip locked
    loop
      if v_columns is null then
        v_columns := rowhook.table_columns(v_relid);
        v_names := rowhook.column_names(v_relid);
      end if;
      v_reason := rowhook.stale_reason(v_entry.entry);
      update rowhook.sink_table t
      set stale_reason = v_reason,
          fit = jsonb_build_object('of', v_entry.of, 'table', digest, 'stale', v_reason) || case when v_reason is null then
            rowhook.print_fit(t.filter_parts, t.filter_can_raise, v_columns, v_names) else '{}' end
      where t.id = (v_entry.entry).id;
      changed := changed || (v_entry.entry).sink_id;
    end loop;
    exit when rowhook.table_digest(v_relid) = digest;
  end loop;
end
$$;
