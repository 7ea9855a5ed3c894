-- rowhook.print_probe(entries, action, rows, aggregate): SQL text, what follows `select`, that
-- evaluates guarded filters over rows (rowhook.print_rows) as the insert will.
create or replace function rowhook.print_probe(
  p_entries jsonb, p_action text, p_rows text, p_aggregate text)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select concat_ws(E'\n        ',
    string_agg(format('%s(guarded.f%s)', p_aggregate, e.value ->> 'sink'), ', ' order by e.at),
    'from ' || p_rows,
    rowhook.print_guarded(p_entries, p_action, true))
  from jsonb_array_elements(p_entries) with ordinality e(value, at)
$$;
