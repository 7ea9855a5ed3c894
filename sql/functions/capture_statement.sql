-- rowhook.capture_statement(spec, action, form): SQL text that writes the events of one statement.
--   p_spec    rowhook.capture_spec
--   p_action  insert, update or delete
--   p_form    "many": of any number of rows; "one": of exactly one row;
--             "generic": evaluates no filter, every sink's verdict is left to rowhook.decide
-- Null when no sink and no retention wants the action.
-- One insert … select does it all, because each statement inside a trigger costs 2 µs and more.
-- `offset 0` keeps the planner from evaluating a condition once for each place that refers to it.
-- The text refers to the plpgsql variable capture.raised, the ids of sinks whose filter raised in
-- this statement (0: the retention's), where a filter is guarded; never in the form "generic".
create or replace function rowhook.capture_statement(p_spec jsonb, p_action text, p_form text)
returns text
language plpgsql stable
set search_path = ''
as $$
declare
  v_generic    boolean := p_form = 'generic';
  v_columns    jsonb := p_spec -> 'columns';
  v_key        int2[] := array(select jsonb_array_elements_text(p_spec -> 'key'));
  v_retention  jsonb := nullif(p_spec -> 'retention', 'null');
  v_entries    jsonb;
  v_undecided  int[];
  v_from       text := rowhook.print_rows(p_spec, p_action, p_form = 'one');
  v_sets       jsonb;
  v_entry      jsonb;
  v_wants      text;
  v_wanted     text[] := '{}';
  v_where      text[] := '{}';
  v_raised     text := '''{}''::int[]';
  v_all        boolean;
  v_guarded    text;
  v_sinks      text;
  v_groups     record;
  v_record     jsonb;
  v_row        text := 'n';
  v_key_text   text := coalesce(rowhook.print_key(v_columns, v_key, 'n'), '''{}''::text[]');
begin
  select coalesce(jsonb_agg(e.value order by e.at) filter (where not (v_generic or (e.value -> 'stale')::boolean)), '[]'),
         coalesce(array_agg((e.value ->> 'sink')::int) filter (where v_generic or (e.value -> 'stale')::boolean), '{}')
  into v_entries, v_undecided
  from jsonb_array_elements(p_spec -> 'entries') with ordinality e(value, at)
  where e.value -> 'actions' ? p_action;
  if v_retention is null and v_entries = '[]' and v_undecided = '{}' then
    return null;
  end if;
  v_all := v_generic or v_undecided <> '{}'
    or v_retention is not null and jsonb_typeof(v_retention -> 'parts') is distinct from 'array';
  if v_generic then
    v_retention := null;
  end if;

  -- "has it changed", once for every set of columns that sinks exclude
  select coalesce(jsonb_agg(distinct e.value -> 'exclude_columns'), '[]') into v_sets
  from jsonb_array_elements(v_entries) e
  where p_action = 'update' and not (e.value -> 'unchanged')::boolean;
  if v_sets <> '[]' and jsonb_array_length(v_entries) > 1 then
    v_from := v_from || format(E'\n  cross join lateral (select %s offset 0) changed', (
      select string_agg(format('%s as c%s', rowhook.print_any_changed(v_columns, s.excluded), s.at), ', ' order by s.at)
      from jsonb_array_elements(v_sets) with ordinality s(excluded, at)));
  end if;

  v_guarded := rowhook.print_guarded(
    case when v_generic then '[]' else rowhook.filtering_entries(p_spec, p_action) end,
    p_spec -> 'names', p_action, false);
  v_from := concat_ws(E'\n  ', v_from, v_guarded);

  -- who wants it
  for v_entry in select e.value from jsonb_array_elements(v_entries) with ordinality e(value, at) order by e.at loop
    v_wants := rowhook.print_condition(v_entry, p_spec -> 'names', p_action);
    if p_action = 'update' and not (v_entry -> 'unchanged')::boolean then
      v_wants := concat_ws(' and ',
        case when jsonb_array_length(v_entries) = 1
          then rowhook.print_any_changed(v_columns, v_entry -> 'exclude_columns')
          else (select 'changed.c' || s.at from jsonb_array_elements(v_sets) with ordinality s(excluded, at)
                where s.excluded = v_entry -> 'exclude_columns')
        end,
        nullif(v_wants, 'true'));
    end if;
    v_wanted := v_wanted || v_wants;
    v_all := v_all or v_wants = 'true';
  end loop;
  if v_entries @? '$[*] ? (@.guarded == true)' then
    v_raised := 'array_remove(capture.raised, 0)';
    v_where := v_where || 'capture.raised <> ''{}'''::text;
  end if;
  if v_retention is not null and not v_all then
    v_where := v_where || rowhook.print_condition(v_retention || '{"sink": 0}', p_spec -> 'names', p_action);
  end if;
  if v_wanted = '{}' then
    v_sinks := '''{}''::int[]';
  elsif cardinality(v_wanted) = 1 then
    v_sinks := format('''{%s}''::int[]', v_entries #>> '{0,sink}');
    if v_wanted[1] <> 'true' then
      if v_all or v_where <> '{}' then
        v_from := v_from || format(
          E'\n  cross join lateral (select case when %s then %s else ''{}'' end as sinks offset 0) wanted',
          v_wanted[1], v_sinks);
        v_sinks := 'wanted.sinks';
        v_where := v_where || 'wanted.sinks <> ''{}'''::text;
      else
        v_where := v_where || v_wanted[1];
      end if;
    end if;
  elsif 'true' = all (v_wanted) then
    v_sinks := format('%L::int[]', array(select (e ->> 'sink')::int from jsonb_array_elements(v_entries) e));
  else
    v_from := v_from || format(
      E'\n  cross join lateral (select array_remove(array[%s\n    ], null) as sinks offset 0) wanted', (
        select string_agg(format(E'\n    case when %s then %s end', w.wants, v_entries -> (w.at - 1)::int ->> 'sink'), ',' order by w.at)
        from unnest(v_wanted) with ordinality w(wants, at)));
    v_sinks := 'wanted.sinks';
    v_where := v_where || 'wanted.sinks <> ''{}'''::text;
  end if;
  v_groups := rowhook.print_groups(p_spec, v_entries, p_action, v_sinks);

  -- what is stored
  select coalesce(jsonb_agg(c.value order by c.at), '[]') into v_record
  from jsonb_array_elements(v_columns) with ordinality c(value, at)
  where not p_spec -> 'omitted' @> (c.value -> 'attnum');
  if v_record <> v_columns
     or v_record @? '$[*] ? (@.foreign != "no")'
     or p_action = 'update' and p_form <> 'one' then
    v_row := 'r';
    v_from := v_from || format(E'\n  cross join lateral (select %s) r', (
      select string_agg(format('%s as %I', rowhook.print_column(c.value, 'n', 'row'), c.value ->> 'name'), ', ' order by c.at)
      from jsonb_array_elements(v_record) with ordinality c(value, at)));
  end if;

  return concat_ws(E'\n',
    'insert into rowhook.event',
    '  (source_id, action, captured_at, sinks, undecided, groups, old_groups, pks, old_pks, record, changes, annotations, shape)',
    format('select %s, %L, clock_timestamp(), %s,', p_spec ->> 'source', left(p_action, 1), v_sinks),
    format('  %s,', case
      when v_raised = '''{}''::int[]' then format('%L::int[]', nullif(v_undecided, '{}'))
      else format('nullif(%L::int[] || %s, ''{}'')', v_undecided, v_raised) end),
    format('  %s, %s,', v_groups.groups, v_groups.old_groups),
    format('  %s,', v_key_text),
    format('  %s,', case when p_action = 'update' and v_key <> '{}' then
      format('nullif(%s, %s)', rowhook.print_key(v_columns, v_key, 'o'), v_key_text) else 'null' end),
    format('  row_to_json(%s.*),', v_row),
    format('  %s,', case when p_action = 'update' then
      coalesce(rowhook.print_changes(v_record), '''{}''::json') else 'null' end),
    '  nullif(current_setting(''rowhook.annotations'', true), ''''),',
    format('  %s', case
      when v_generic or v_undecided <> '{}' then format('%L::jsonb', rowhook.shape(p_spec -> 'names'))
      when v_raised <> '''{}''::int[]'
        then format('case when capture.raised <> ''{}'' then %L::jsonb end', rowhook.shape(p_spec -> 'names'))
      else 'null' end),
    'from ' || v_from,
    case when not v_all and v_where <> '{}' then 'where ' || array_to_string(v_where, E'\n  or ') end);
end
$$;
