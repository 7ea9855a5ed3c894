-- rowhook.print_groups(spec, entries, sinks): SQL texts of an event's `groups` and `old_groups`.
--   p_entries  those that may want the row
--   p_sinks    SQL text of the array of those that do, which the groups run parallel to
-- Texts are compared byte by byte, whatever the columns' collations call the same: a group is known by its text.
create or replace function rowhook.print_groups(
  p_spec jsonb, p_entries jsonb, p_action text, p_sinks text, out groups text, out old_groups text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_columns  jsonb := p_spec -> 'columns';
  v_ids      int[] := '{}';
  v_new      text := '';
  v_old      text := '';
  v_entry    jsonb;
  v_attnums  int2[];
begin
  groups := 'null';
  old_groups := 'null';
  for v_entry in
    select e.value from jsonb_array_elements(p_entries) e
    where jsonb_typeof(e.value -> 'group_columns') = 'array'
  loop
    v_attnums := array(select jsonb_array_elements_text(v_entry -> 'group_columns'));
    v_ids := v_ids || (v_entry ->> 'sink')::int;
    v_new := v_new || format(' when %s then %s', v_entry ->> 'sink', rowhook.print_group(v_columns, v_attnums, 'n'));
    if p_action = 'update' and v_attnums <> '{}' then
      v_old := v_old || format(' when %s then nullif((%s) collate "C", %s)', v_entry ->> 'sink',
        rowhook.print_group(v_columns, v_attnums, 'o'), rowhook.print_group(v_columns, v_attnums, 'n'));
    end if;
  end loop;
  if v_ids = '{}' then
    return;
  end if;
  groups := format(
    'case when %s && %L then array(select case s.id%s end from unnest(%1$s) s(id)) end', p_sinks, v_ids, v_new);
  if v_old <> '' then
    old_groups := format(
      'case when %s && %L then nullif(array(select case s.id%s end from unnest(%1$s) s(id)), array_fill(null::text, array[cardinality(%1$s)])) end',
      p_sinks, v_ids, v_old);
  end if;
end
$$;
