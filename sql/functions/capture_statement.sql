-- rowhook.capture_statement(spec, entries, action, generic, single): SQL text that writes the events of one statement.
--   p_spec     rowhook.capture_spec
--   p_entries  those that judge it: rowhook.filtering_entries, or, where p_generic, none
--   p_action   insert, update or delete
--   p_generic  evaluate no filter: every sink's verdict is left to rowhook.decide
--   p_single   the statement has changed one row at most (see rowhook.print_rows)
-- Null when no sink and no retention wants the action.
-- One insert … select does it all, because each statement inside a trigger costs 2 µs and more.
-- `offset 0` keeps the planner from evaluating a condition once for each place that refers to it.
-- The text refers to the plpgsql variable capture.raised, the ids of sinks whose filter raised in
-- this statement (0: the retention's), where a filter is guarded; never where p_generic.
create or replace function rowhook.capture_statement(
  p_spec jsonb, p_entries jsonb, p_action text, p_generic boolean, p_single boolean)
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_columns    jsonb := p_spec -> 'columns';
  v_recorded   jsonb;
  v_names      jsonb := p_spec -> 'names';
  v_key        int2[] := array(select jsonb_array_elements_text(p_spec -> 'key'));
  v_undecided  int[];
  v_wanted     record;
  v_groups     record;
  v_raised     boolean;
  v_key_text   text := coalesce(rowhook.print_key(v_columns, v_key, 'n'), '''{}''::text[]');
  v_shape      text := format('%L::jsonb', rowhook.shape(v_names));
  v_row        text := 'n';
  v_from       text[] := array[rowhook.print_rows(p_spec, p_action, p_single)];
begin
  select coalesce(jsonb_agg(c.value order by c.at), '[]') into v_recorded
  from jsonb_array_elements(v_columns) with ordinality c(value, at)
  where not p_spec -> 'omitted' @> (c.value -> 'attnum');
  v_undecided := array(
    select (e ->> 'sink')::int from jsonb_array_elements(p_spec -> 'entries') e
    where e -> 'actions' ? p_action and (p_generic or (e ->> 'stale')::boolean)
    order by 1);
  if p_entries = '[]' and v_undecided = '{}' and jsonb_typeof(p_spec -> 'retention') <> 'object' then
    return null;
  end if;
  v_raised := p_entries @? '$[*] ? (@.guarded == true && @.sink > 0)';

  if p_action = 'update' then
    v_from := v_from || rowhook.print_changes(v_recorded);
  end if;
  v_from := v_from || rowhook.print_guarded(p_entries, p_action, false);
  v_wanted := rowhook.print_wanted(p_spec, p_entries, p_action, p_single, v_raised,
    v_undecided <> '{}' or p_generic
    or jsonb_typeof(p_spec -> 'retention') = 'object' and not p_entries @? '$[*] ? (@.sink == 0)');
  v_from := v_from || v_wanted.laterals;
  v_groups := rowhook.print_groups(p_spec, p_entries, p_action, v_wanted.sinks);

  if v_recorded <> v_columns or v_recorded @? '$[*] ? (@.foreign != "no")' or p_action = 'update' and not p_single then
    v_row := 'r';
    v_from := v_from || format('cross join lateral (select %s) r', (
      select string_agg(format('%s as %I', rowhook.print_column(c.value, 'n', 'row'), c.value ->> 'name'), ', ' order by c.at)
      from jsonb_array_elements(v_recorded) with ordinality c(value, at)));
  end if;

  return concat_ws(E'\n',
    'insert into rowhook.event',
    '  (source_id, action, sinks, undecided, groups, old_groups, pks, old_pks, record, changes, annotations, shape)',
    format('select %s, %L, %s,', p_spec ->> 'source', left(p_action, 1), v_wanted.sinks),
    format('  %s,', case
      when v_raised then format('nullif(%L::int[] || array_remove(capture.raised, 0), ''{}'')', v_undecided)
      else format('%L::int[]', nullif(v_undecided, '{}')) end),
    format('  %s, %s,', v_groups.groups, v_groups.old_groups),
    format('  %s,', v_key_text),
    format('  %s,', case when p_action = 'update' and v_key <> '{}' then
      format('nullif(%s, %s)', rowhook.print_key(v_columns, v_key, 'o'), v_key_text) else 'null' end),
    format('  row_to_json(%s.*),', v_row),
    format('  %s,', case when p_action = 'update' then 'concat(''{'', changes.list, ''}'')::json' else 'null' end),
    '  nullif(current_setting(''rowhook.annotations'', true), ''''),',
    format('  %s', case
      when p_generic or v_undecided <> '{}' then v_shape
      when v_raised then format('case when capture.raised <> ''{}'' then %s end', v_shape)
      else 'null' end),
    'from ' || array_to_string(v_from, E'\n  '),
    'where ' || v_wanted.condition);
end
$$;
