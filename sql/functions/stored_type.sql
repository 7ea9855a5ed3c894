-- rowhook.stored_type(type, modifier): the type as which a stored record's value is read back, as SQL
-- text: the column's own, but for domains what is below them, because checking a domain's constraints
-- would run its owner's functions with our rights; and text for the types that filters can only test
-- for null. (Composites that hold domains as well: for those, a row of nulls is not null here.)
create or replace function rowhook.stored_type(p_type oid, p_modifier int) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_type   pg_catalog.pg_type;
begin
  select * into v_type from pg_catalog.pg_type t where t.oid = p_type;
  if v_type.typtype = 'd' then
    return rowhook.stored_type(v_type.typbasetype, v_type.typtypmod);
  elsif v_type.typcategory = 'A' and v_type.typelem <> 0 then
    if v_type.oid < 16384 then
      return pg_catalog.format_type(p_type, p_modifier);
    end if;
    return rowhook.stored_type(v_type.typelem, -1) || '[]';
  elsif v_type.typtype = 'c' then
    return case when not exists (
      select from pg_catalog.pg_attribute a
      where a.attrelid = v_type.typrelid and a.attnum > 0 and not a.attisdropped
        and (rowhook.base_type(a.atttypid) <> a.atttypid
             or rowhook.stored_type(a.atttypid, -1) is distinct from pg_catalog.format_type(a.atttypid, -1)))
      then pg_catalog.format_type(p_type, p_modifier) else 'text' end;
  elsif v_type.oid >= 16384 and v_type.typtype <> 'e' then
    return 'text';
  end if;
  return pg_catalog.format_type(p_type, p_modifier);
end
$$;
