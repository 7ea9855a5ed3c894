-- rowhook.print_list(spec): SQL text, what follows `select`, of the columns of a transition table with the alias x.
-- They are listed one by one where x.* would not do: computed columns (null in the transition tables), or a
-- member of the table's tree with other columns, or another order of them.
-- A computed column that the stored record goes without is not computed. Where the spec says `attempts`, those that may
-- raise are null where they do, and "(faults)" says why (rowhook.column_faults).
create or replace function rowhook.print_list(p_spec jsonb) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case when p_spec ->> 'listed' = 'true' then (
    select string_agg(case
             when a."row" is not null and p.raising @> jsonb_build_array(c.value) then format('rowhook.try_column(%s, %L, null::%s) as %I',
               a."row", c.value ->> 'expression', c.value ->> 'type', c.value ->> 'name')
             when c.value ? 'expression' then format('(%s) as %I', c.value ->> 'expression', c.value ->> 'name')
             else format('x.%I', c.value ->> 'name') end, ', ' order by c.at) || coalesce(', ' || min(a.faults) || ' as "(faults)"', '')
    from jsonb_array_elements(p_spec -> 'columns') with ordinality c(value, at)
    cross join lateral (select rowhook.raising_columns(p_spec -> 'columns', p_spec -> 'omitted')) p(raising)
    left join lateral rowhook.print_attempts((p_spec ->> 'relid')::oid, p_spec -> 'columns', p.raising, 'x') a on p_spec ? 'attempts'
    where not (c.value ? 'expression' and p_spec -> 'omitted' @> (c.value -> 'attnum')))
    else 'x.*' end
$$;
