-- rowhook.check_filter(table, parts): has the database plan a compiled filter against the table's
-- columns; returns nothing. Raises the database's own error when it does not plan or is not boolean
-- (42804), or a column has got a type that a user made since the filter was compiled (42804).
-- Reads no row, locks no table of the user's and needs no right on it: the row is what a function that
-- is never called would return. Nothing but constants is evaluated.
-- The settings are those under which captured filters run.
create or replace function rowhook.check_filter(p_relid regclass, p_parts jsonb) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set transform_null_equals = off
set array_nulls = on
set timezone = 'UTC'
set datestyle = 'ISO, MDY'
set intervalstyle = 'postgres'
as $$
declare
  v_retyped text;
begin
  -- Before the parser sees it: operators on a column that has got a user's type since would look for
  -- casts that this user has made, and run them with our rights.
  select format('column %I is now of type %s', c.name, format_type(c.type_oid, null)) into v_retyped
  from jsonb_array_elements(p_parts) p(value)
  join rowhook.live_columns(p_relid) c on c.attnum = (p.value ->> 'att')::int2
  where c.type_oid >= 16384 and c.type_oid <> (p.value ->> 'of')::oid
  limit 1;
  if found then
    raise exception using errcode = 'datatype_mismatch', message = v_retyped;
  end if;
  execute format(
    'explain select from json_populate_record(null::%s, null) n where (%s)',
    p_relid, rowhook.print_parts(p_parts, p_relid, 'n', 'n', 'n'));
end
$$;
