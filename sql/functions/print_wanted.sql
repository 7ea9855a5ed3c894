-- rowhook.print_wanted(spec, entries, action, single, raised, all): SQL texts of who wants a row.
--   p_entries  those that judge it (rowhook.filtering_entries)
--   p_raised   filters of sinks may have raised in this statement; then every row is stored
--   p_all      every row is stored anyway
--   sinks      the ids of the sinks that want it, ascending, as an int[]
--   condition  whether it is stored; null: always
--   laterals   what both refer to, for the from clause
-- An update of many rows is judged only in lateral subqueries, never in the where clause: see
-- rowhook.print_rows.
create or replace function rowhook.print_wanted(
  p_spec jsonb, p_entries jsonb, p_action text, p_single boolean, p_raised boolean, p_all boolean,
  out sinks text, out condition text, out laterals text[])
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_update  boolean := p_action = 'update';
  v_paired  boolean := v_update and not p_single;
  v_sets    jsonb;
  v_ids     int[] := '{}';
  v_wants   text[] := '{}';
  v_plain   boolean;
  v_stored  text[] := case when p_raised then array['capture.raised <> ''{}'''] else '{}' end;
begin
  -- Whether it has changed, once for every set of columns that sinks exclude besides the omitted ones.
  select coalesce(jsonb_agg(distinct e.value -> 'exclude_columns'), '[]') into v_sets
  from jsonb_array_elements(p_entries) e
  where v_update and not (e.value ->> 'unchanged')::boolean
    and not (p_spec -> 'omitted' @> (e.value -> 'exclude_columns'));
  if v_sets <> '[]' then
    laterals := array[format('cross join lateral (select %s offset 0) changed', (
      select string_agg(format('%s as c%s', rowhook.print_any_changed(p_spec -> 'columns', s.excluded), s.at), ', ' order by s.at)
      from jsonb_array_elements(v_sets) with ordinality s(excluded, at)))];
  end if;

  select coalesce(array_agg(e.sink order by e.at) filter (where e.sink <> 0), '{}'),
         coalesce(array_agg(e.wants order by e.at) filter (where e.sink <> 0), '{}'),
         array_agg(e.wants) filter (where e.sink = 0) || v_stored,
         coalesce(bool_and(not v_paired or e.condition = 'true' or e.guarded) filter (where e.sink <> 0), true)
  into v_ids, v_wants, v_stored, v_plain
  from (
    select c.at, c.sink, c.condition, c.guarded,
           case when v_update and c.sink <> 0 and not c.unchanged
             then coalesce('changed.c' || s.at, case when p_single then 'capture' else 'changes' end || '.list <> ''''') || case when c.condition = 'true' then '' else ' and ' || c.condition end
             else c.condition end as wants
    from (
      select e.at, (e.value ->> 'sink')::int as sink, (e.value ->> 'guarded')::boolean as guarded,
             (e.value ->> 'unchanged')::boolean as unchanged, e.value -> 'exclude_columns' as excluded,
             rowhook.print_condition(e.value, p_action) as condition
      from jsonb_array_elements(p_entries) with ordinality e(value, at)) c
    left join jsonb_array_elements(v_sets) with ordinality s(excluded, at) on s.excluded = c.excluded) e;
  condition := null;

  if v_wants = '{}' or 'true' = all (v_wants) then
    sinks := format('%L::int[]', v_ids);
    v_stored := v_stored || case when v_wants <> '{}' then 'true'::text end;
  elsif cardinality(v_wants) = 1 and v_stored = '{}' and not p_all and v_plain then
    sinks := format('%L::int[]', v_ids);
    v_stored := v_stored || v_wants[1];
  else
    laterals := laterals || format(
      E'cross join lateral (select array_remove(array[%s\n    ], null) as sinks offset 0) wanted', (
        select string_agg(format(E'\n    case when %s then %s end', w.wants, w.id), ',' order by w.at)
        from unnest(v_wants, v_ids) with ordinality w(wants, id, at)));
    sinks := 'wanted.sinks';
    v_stored := v_stored || 'wanted.sinks <> ''{}'''::text;
  end if;
  v_stored := array_remove(v_stored, null);
  if not p_all and v_stored <> '{}' and 'true' <> all (v_stored) then
    if v_paired and cardinality(v_stored) > 1 then
      laterals := laterals || format('cross join lateral (select %s as kept offset 0) stored', array_to_string(v_stored, ' or '));
      condition := 'stored.kept';
    else
      condition := array_to_string(v_stored, E'\n  or ');
    end if;
  end if;
end
$$;
