-- rowhook.capture_statement(spec, entries, action, generic, single): SQL text that writes the events of one statement.
--   p_spec     rowhook.capture_spec
--   p_entries  those that judge it: rowhook.filtering_entries, or, where p_generic, none
--   p_action   insert, update or delete
--   p_generic  evaluate no filter: every sink's verdict is left to rowhook.decide
--   p_single   of an update of one row, which stands in the plpgsql variables n and o, and what it has
--              changed in capture.list (rowhook.capture_single)
-- Null when no sink and no retention wants the action.
-- One insert … select does it all, because each statement inside a trigger costs 2 µs and more.
-- `offset 0` keeps the planner from evaluating a condition once for each place that refers to it.
-- Except where p_generic, the text refers to plpgsql variables: capture.extra, and, where a filter is guarded,
-- capture.raised, the ids of sinks whose filter raised in this statement (0: the retention's).
create or replace function rowhook.capture_statement(
  p_spec jsonb, p_entries jsonb, p_action text, p_generic boolean, p_single boolean)
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_columns    jsonb := p_spec -> 'columns';
  v_recorded   jsonb;
  v_key        int2[] := array(select jsonb_array_elements_text(p_spec -> 'key'));
  v_undecided  int[] := rowhook.undecided_sinks(p_spec, p_action, p_generic);
  v_wanted     record;
  v_groups     record;
  v_row        text := 'n';
  v_from       text[] := array[case when p_single then '(select) one' else rowhook.print_rows(p_spec, p_action) end];
begin
  select coalesce(jsonb_agg(c.value order by c.at), '[]') into v_recorded
  from jsonb_array_elements(v_columns) with ordinality c(value, at)
  where not p_spec -> 'omitted' @> (c.value -> 'attnum');
  if p_entries = '[]' and v_undecided = '{}' and jsonb_typeof(p_spec -> 'retention') <> 'object' then
    return null;
  end if;

  if p_action = 'update' and not p_single then
    v_from := v_from || rowhook.print_changes(v_recorded);
  end if;
  v_from := v_from || rowhook.print_guarded(p_entries, p_action, false);
  v_wanted := rowhook.print_wanted(p_spec, p_entries, p_action, p_single,
    p_entries @? '$[*] ? (@.guarded == true && @.sink > 0)',
    v_undecided <> '{}' or p_generic
    or jsonb_typeof(p_spec -> 'retention') = 'object' and not p_entries @? '$[*] ? (@.sink == 0)');
  v_from := v_from || v_wanted.laterals;
  v_groups := rowhook.print_groups(p_spec, p_entries, p_action, v_wanted.sinks);

  if v_recorded <> v_columns or v_recorded @? '$[*] ? (@.foreign != "no")' or p_action = 'update' and not p_single
     or p_spec ? 'attempts' then
    v_row := 'r';
    v_from := v_from || format('cross join lateral (select %s) r', (
      select string_agg(format('%s as %I', rowhook.print_column(c.value, 'n', 'row'), c.value ->> 'name'), ', ' order by c.at)
      from jsonb_array_elements(v_recorded) with ordinality c(value, at)));
  end if;

  return concat_ws(E'\n',
    'insert into rowhook.event',
    '  (source_id, action, sinks, groups, pks, record, changes, extra)',
    format('select %s, %L, %s, %s,', p_spec ->> 'source', left(p_action, 1), v_wanted.sinks, v_groups.groups),
    format('  %s,', coalesce(rowhook.print_key(v_columns, v_key, 'n'), '''{}''::text[]')),
    format('  row_to_json(%s.*),', v_row),
    format('  %s,', case when p_action = 'update'
      then format('concat(''{'', %s.list, ''}'')::json', case when p_single then 'capture' else 'changes' end)
      else 'null' end),
    format('  %s', rowhook.print_extra(p_spec, p_action, p_generic, p_single, v_undecided, v_groups.old_groups)),
    'from ' || array_to_string(v_from, E'\n  '),
    'where ' || case when p_single
      -- without the table's name the plan would outlive a change of its columns' collations, which variables bring along
      then concat_ws(' and ', format('%L::regclass is not null', p_spec ->> 'relid'), '(' || v_wanted.condition || ')')
      else v_wanted.condition end);
end
$$;
