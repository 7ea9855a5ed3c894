-- rowhook.print_parts(parts, table, row, new, old): a compiled filter as SQL text, under the names
-- that the table's columns have now; see rowhook.print_filter.
create or replace function rowhook.print_parts(
  parts jsonb, relid regclass, row_alias text, new_alias text, old_alias text)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select rowhook.print_filter(parts, rowhook.column_names(relid), row_alias, new_alias, old_alias)
$$;
