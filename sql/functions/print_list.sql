-- rowhook.print_list(spec): SQL text, what follows `select`, of the columns of a transition table with the alias x.
-- They are listed one by one where x.* would not do: computed columns (null in the transition tables), or a
-- member of the table's tree with other columns, or another order of them.
create or replace function rowhook.print_list(p_spec jsonb) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case when p_spec ->> 'listed' = 'true' then (
    select string_agg(case
             when c.value ? 'expression' then format('(%s) as %I', c.value ->> 'expression', c.value ->> 'name')
             else format('x.%I', c.value ->> 'name') end, ', ' order by c.at)
    from jsonb_array_elements(p_spec -> 'columns') with ordinality c(value, at))
    else 'x.*' end
$$;
