-- rowhook.print_extra(spec, action, generic, single, undecided, old groups): SQL text of event.extra.
--   p_undecided   sinks whose verdict is left to the reader, where p_generic
--   p_old_groups  rowhook.print_groups
-- What is the same for all rows of a statement stands in the plpgsql variable capture.extra, which costs less
-- than to make it for each; a statement that is generic must do without.
create or replace function rowhook.print_extra(
  p_spec jsonb, p_action text, p_generic boolean, p_single boolean, p_undecided int[], p_old_groups text)
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_columns   jsonb := p_spec -> 'columns';
  v_key       int2[] := array(select jsonb_array_elements_text(p_spec -> 'key'));
  v_groups    int2[];
  v_old_key   text := 'null';
  v_moved     text;
begin
  if p_action = 'update' and v_key <> '{}' then
    v_old_key := format('nullif(%s collate "C", %s)',
      rowhook.print_key(v_columns, v_key, 'o'), rowhook.print_key(v_columns, v_key, 'n'));
  end if;
  if p_generic then
    return format(
      'row(%L::int[], %s, %s, nullif(current_setting(''rowhook.annotations'', true), ''''), %L::jsonb%s)::rowhook.event_extra',
      nullif(p_undecided, '{}'), p_old_groups, v_old_key, rowhook.shape(p_spec -> 'names'),
      -- no column is called nothing
      case when p_spec ? 'attempts' then format(
        ' || coalesce(jsonb_build_object('''', nullif(jsonb_strip_nulls(jsonb_build_object(''record'', n."(faults)"%s)), ''{}'')), ''{}'')',
        case when p_action = 'update' then ', ''old'', o."(faults)"' else '' end) else '' end);
  end if;
  if p_old_groups <> 'null' then
    v_groups := array(select (jsonb_path_query(p_spec, '$.entries[*].group_columns[*]') #>> '{}')::int2);
  end if;
  if p_single then
    v_old_key := '(capture.extra).old_pks';
    v_key := '{}';
  end if;
  v_moved := rowhook.print_moved(v_columns, v_key || v_groups);
  if p_action <> 'update' or v_moved is null then
    return 'capture.extra';
  end if;
  return format(
    'case when %s then row((capture.extra).undecided, %s, %s, (capture.extra).annotations, (capture.extra).shape)::rowhook.event_extra else capture.extra end',
    v_moved, p_old_groups, v_old_key);
end
$$;
