-- rowhook.find_table(name): the table that a SQL identifier means, `public` without a schema; null when
-- there is none, or the text is no identifier. A name that only fits as it is spelt, with capitals and
-- no quotes, is taken as well.
create or replace function rowhook.find_table(p_name text) returns regclass
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_parts  text[];
begin
  begin
    v_parts := parse_ident(p_name);
  exception when invalid_parameter_value then
    v_parts := array[p_name];
  end;
  if cardinality(v_parts) > 2 then
    return null;
  end if;
  return (
    select c.oid::regclass
    from (
      select 1 as choice, case when cardinality(v_parts) = 2 then v_parts[1] else 'public' end as schema,
             v_parts[cardinality(v_parts)] as name
      union all
      select 2, case when p_name like '%.%' then split_part(p_name, '.', 1) else 'public' end,
             case when p_name like '%.%' then substr(p_name, strpos(p_name, '.') + 1) else p_name end) w
    join pg_catalog.pg_namespace n on n.nspname = w.schema
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = w.name
      and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 't')
    order by w.choice
    limit 1);
end
$$;
