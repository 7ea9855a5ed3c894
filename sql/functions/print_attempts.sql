-- rowhook.print_attempts(table, columns, raising, alias): SQL texts that compute virtual columns so that none raises.
--   p_columns  rowhook.table_columns
--   p_raising  rowhook.raising_columns
--   row        the row in the table's own type
--   faults     rowhook.column_faults of it
-- The texts name the table's type, so none may be part of a trigger function: see rowhook.capture_code.
create or replace function rowhook.print_attempts(
  p_relid oid, p_columns jsonb, p_raising jsonb, p_alias text, out "row" text, out faults text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select r.text, format('rowhook.column_faults(%s, %L, %L)', r.text,
           array(select c ->> 'name' from jsonb_array_elements(p_raising) c),
           array(select c ->> 'expression' from jsonb_array_elements(p_raising) c))
  from (
    select format('row(%s)::%s', string_agg(
             case when c.value ? 'expression' then 'null' else format('%s.%I', p_alias, c.value ->> 'name') end, ', ' order by c.at),
             p_relid::regclass)
    from jsonb_array_elements(p_columns) with ordinality c(value, at)) r(text)
$$;
