-- rowhook.capture_single(spec, entries): plpgsql text that captures an update of a single row, as most are; null where the
-- statement for many rows must do, because a filter is guarded.
--   p_entries  those that judge it (rowhook.filtering_entries)
-- With one row there is nothing to pair. Both versions of it are put into variables, and each column is compared by
-- an expression of its own: what is not reached costs nothing, whereas a query prepares all of its expressions
-- before it begins, for 0.5 µs each. A table of 8 columns is captured in two thirds of the time, a wider one in less.
create or replace function rowhook.capture_single(p_spec jsonb, p_entries jsonb) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_columns  jsonb := p_spec -> 'columns';
  v_list     text := rowhook.print_list(p_spec);
  v_key      int2[] := array(select jsonb_array_elements_text(p_spec -> 'key'));
  v_moved    text := rowhook.print_moved(v_columns, v_key);
  v_old_key  text;
  v_insert   text;
begin
  if v_columns = '[]' or p_entries @? '$[*] ? (@.guarded == true)' then
    return null;
  end if;
  v_insert := rowhook.capture_statement(p_spec, p_entries, 'update', false, true);
  v_old_key := format('      extra.old_pks := nullif(%s collate "C", %s);',
    rowhook.print_key(v_columns, v_key, 'o'), rowhook.print_key(v_columns, v_key, 'n'));
  return concat_ws(E'\n',
    format('      select %s into n from rowhook_new x;', v_list),
    format('      select %s into o from rowhook_old x;', v_list),
    '      if not found then',
    '        return null;',
    '      end if;', (
      select string_agg(concat_ws(E'\n',
               format('      if %s then', t.changed),
               format('      list := concat(list || '','', %L, coalesce(to_json(%s)::text, ''null''));',
                 to_json(c.value ->> 'name')::text || ':', rowhook.print_column(c.value, 'o', 'row')),
               case when t.changed = v_moved then v_old_key end,
               '      end if;'), E'\n' order by c.at)
      from jsonb_array_elements(v_columns) with ordinality c(value, at)
      cross join lateral rowhook.print_changed(c.value) t(changed)
      where not p_spec -> 'omitted' @> (c.value -> 'attnum')),
    -- not yet above, where the key is a single column that is recorded
    case when v_moved is not null and not exists (
        select from jsonb_array_elements(v_columns) c
        where not p_spec -> 'omitted' @> (c -> 'attnum') and rowhook.print_changed(c) = v_moved)
      then format(E'      if %s then\n%s\n      end if;', v_moved, v_old_key) end,
    v_insert || ';');
end
$$;
