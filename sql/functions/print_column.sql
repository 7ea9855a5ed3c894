-- rowhook.print_column(column, alias, form): SQL text that yields a column's value.
--   p_column  an element of rowhook.table_columns
--   p_form    "row": to stand in a row that row_to_json prints; "text": its text form
-- Both are null where the column is. What row_to_json must not be shown (see rowhook.type_traits)
-- goes through `format('%s')`, which calls the type's output function and never a cast. The text
-- form of char(n) does as well: its cast to text would strip the blanks that JSON shows.
create or replace function rowhook.print_column(p_column jsonb, p_alias text, p_form text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_form = 'row' and p_column ->> 'foreign' = 'no' then c.ref
    when p_form = 'row' and p_column ->> 'foreign' = 'array'
      then format('case when %1$s is distinct from null then format(''%%s'', %1$s)::text[] end', c.ref)
    when p_form = 'text' and p_column ->> 'foreign' = 'no'
      and (p_column ->> 'base_oid')::bigint < 16384 and p_column ->> 'base_oid' <> '1042'
      then c.ref || '::text'
    else format('case when %1$s is distinct from null then format(''%%s'', %1$s) end', c.ref)
  end
  from (select format('%s.%I', p_alias, p_column ->> 'name')) c(ref)
$$;
