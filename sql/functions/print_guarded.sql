-- rowhook.print_guarded(entries, action, probing): SQL text of the lateral subquery `guarded` that
-- evaluates guarded filters, column f<sink id> each. Null where none of the entries is guarded.
-- The probe (rowhook.capture_guard) and the insert must agree on whether a filter raises, so both
-- evaluate it in this very form: elsewhere the parser and the planner may turn the same text into
-- something else. `1 in (x, 2)`, say, is an `or` over columns of the query itself, which ends early, and
-- an array over columns of an outer query, which does not.
--   p_probing  evaluate them all; else, those that raised in this statement (capture.raised holds their
--              ids) are false, and the retention's, id 0, true
create or replace function rowhook.print_guarded(
  p_entries jsonb, p_action text, p_probing boolean)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select 'cross join lateral (select ' || string_agg(
    case when p_probing then format('%s as f%s', f.filter, f.sink)
      else format('case when capture.raised @> ''{%1$s}'' then %2$s else %3$s end as f%1$s',
        f.sink, case f.sink when '0' then 'true' else 'false' end, f.filter) end, ', ' order by f.at) || ' offset 0) guarded'
  from (
    select e.at, e.value ->> 'sink' as sink, e.value #>> array['condition', p_action] as filter
    from jsonb_array_elements(p_entries) with ordinality e(value, at)
    where (e.value ->> 'guarded')::boolean) f
$$;
