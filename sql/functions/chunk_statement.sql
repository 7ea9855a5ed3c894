-- rowhook.chunk_statement(source, entry, where, rows, cursor, guarded, columns): SQL text that yields the rows
-- of a backfill's chunk as capture would have stored them; columns as rowhook.table_columns describes them:
--   pks, grp  as in rowhook.event
--   cursor    null: the same as pks
--   wanted    whether the sink's filter and the backfill's own want it; null when guarded
--   record    text; null when not wanted
--   snapshot  the one that the rows are read in
--   fault     why a virtual column that a filter names cannot be computed of this row
-- p_guarded: something raised among these rows. No filter is evaluated; where there is one, each row wants
-- rowhook.chunk_verdict, over `asked`, a document of the columns that the filters name. Virtual columns are null
-- where they raise, as in capture (rowhook.generic_statement).
create or replace function rowhook.chunk_statement(
  p_source rowhook.source, p_entry rowhook.sink_table, p_where jsonb, p_rows text, p_cursor text,
  p_guarded boolean, p_columns jsonb)
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_key      int2[] := rowhook.table_key(p_source.relid);
  v_stored   jsonb;
  v_record   text := 'row_to_json(n.*)';
  v_from     text := p_rows;
  v_wanted   text[] := '{}';
  v_parts    jsonb;
  v_named    jsonb := coalesce(p_entry.filter_parts, '[]') || coalesce(p_where, '[]');
  v_fault    text := 'null::text';
begin
  if p_guarded and p_columns @? '$[*] ? (@.raises == true)' then
    select format('(select %s%s%s from %s) n', string_agg(
             case when (c.value ->> 'raises')::boolean then format('rowhook.try_column(%s, %L, null::%s) as %I',
               a."row", c.value ->> 'expression', c.value ->> 'type', c.value ->> 'name')
             else format('n.%I', c.value ->> 'name') end, ', ' order by c.at),
             case when p_rows like '%n.tableoid%' then ', n.tableoid' else '' end,
             case when p_rows like '%n.ctid%' then ', n.ctid' else '' end, p_rows),
           coalesce((
             select format('(select format(''column %%s: %%s'', f.key, f.value) from jsonb_each_text(%s) f limit 1)',
               (rowhook.print_attempts(p_source.relid, p_columns, jsonb_agg(r), 'n')).faults)
             from jsonb_array_elements(p_columns) r
             where (r ->> 'raises')::boolean
               and r -> 'attnum' in (select p -> 'att' from jsonb_array_elements(v_named) p)
             having count(*) > 0), v_fault)
    into v_from, v_fault
    from jsonb_array_elements(p_columns) with ordinality c(value, at)
    cross join lateral rowhook.print_attempts(p_source.relid, p_columns, '[]', 'n') a;
  end if;
  select coalesce(jsonb_agg(c.value order by c.at), '[]') into v_stored
  from jsonb_array_elements(p_columns) with ordinality c(value, at)
  where (c.value ->> 'attnum')::int2 <> all (p_source.omitted_columns);
  if v_stored <> p_columns or v_stored @? '$[*] ? (@.foreign != "no")' or p_rows like '%n.ctid%' then
    v_record := 'row_to_json(r.*)';
    v_from := v_from || format(E'\ncross join lateral (select %s) r', (
      select string_agg(format('%s as %I', rowhook.print_column(c.value, 'n', 'row'), c.value ->> 'name'), ', ' order by c.at)
      from jsonb_array_elements(v_stored) with ordinality c(value, at)));
  end if;
  foreach v_parts in array array[p_entry.filter_parts, p_where] loop
    if v_parts is not null then
      v_wanted := v_wanted || ('(' || rowhook.print_parts(v_parts, p_source.relid, 'n', 'n', null) || ')');
    end if;
  end loop;
  if v_wanted <> '{}' and not p_guarded then
    v_from := v_from || format(E'\ncross join lateral (select (%s) is true as wanted offset 0) w',
      array_to_string(v_wanted, ' and '));
  end if;
  return format(
    E'select %s as pks, %s as grp, %s as cursor, %s as wanted,\n  %s as record, %s as asked, (select pg_current_snapshot()::text) as snapshot, %s as fault\nfrom %s',
    coalesce(rowhook.print_key(p_columns, v_key, 'n'), '''{}''::text[]'),
    case when p_entry.group_columns is null then 'null::text'
      else rowhook.print_group(p_columns, p_entry.group_columns, 'n') end,
    p_cursor,
    case when v_wanted = '{}' then 'true' when p_guarded then 'null::boolean' else 'w.wanted' end,
    case when v_wanted = '{}' or p_guarded then v_record || '::text'
      else format('case when w.wanted then %s::text end', v_record) end,
    case when p_guarded and v_wanted <> '{}' then (
      select format('(select row_to_json(a.*) from (select %s) a)', string_agg(
        format('%s as %I', rowhook.print_column(c, 'n', 'row'), c ->> 'name'), ', '))
      from jsonb_array_elements(p_columns) c
      where (c -> 'attnum') in (
        select p -> 'att' from jsonb_array_elements(v_named) p))
      else 'null::json' end,
    v_fault,
    v_from);
end
$$;
