-- rowhook.scan_order(table, sort column, columns): the columns by which a backfill reads a table, a total order:
-- [{"name", "type", "text", "nullable", "gt", "ge", "le"}]; '[]' when only the place on disk is left.
--   text      SQL text of its text form, of alias n
--   gt ge le  the operators of the btree order by which `order by` sorts. They are looked up, because
--             `>` under our search_path could mean another order than that: citext's would be text's
-- p_columns is what rowhook.table_columns says of the table, where the caller knows it already.
-- The sort column comes first, then the key. Without a key, tableoid and ctid break ties.
-- A key with a composite in it is none here: reading its cursor back could run functions of its owner.
create or replace function rowhook.scan_order(p_relid oid, p_sort_column text, p_columns jsonb default null) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_columns  jsonb := coalesce(p_columns, rowhook.table_columns(p_relid));
  v_key      int2[] := rowhook.table_key(p_relid);
  v_order    jsonb;
begin
  select coalesce(jsonb_agg(jsonb_build_object(
           'name', c.value ->> 'name',
           'type', format_type(t.oid, -1),
           'text', rowhook.print_column(c.value, 'n', 'text'),
           'nullable', not (c.value ->> 'not_null')::boolean,
           'usable', t.typtype = 'e' or t.typtype = 'r' and t.oid < 16384 or t.typtype = 'b' and (
             t.typcategory <> 'A' or (select l.typtype in ('b', 'e') from pg_type l where l.oid = t.typelem)),
           'gt', format('operator(%I.%s)', coalesce(o.schemas[3], 'pg_catalog'), coalesce(o.names[3], '>')),
           'ge', format('operator(%I.%s)', coalesce(o.schemas[2], 'pg_catalog'), coalesce(o.names[2], '>=')),
           'le', format('operator(%I.%s)', coalesce(o.schemas[1], 'pg_catalog'), coalesce(o.names[1], '<=')))
           order by c.value ->> 'name' is distinct from p_sort_column, k.at), '[]')
  into v_order
  from jsonb_array_elements(v_columns) c(value)
  left join unnest(v_key) with ordinality k(attnum, at) on k.attnum = (c.value ->> 'attnum')::int2
  join pg_type t on t.oid = (c.value ->> 'base_oid')::oid
  cross join lateral (
    select array_agg(n.nspname::text order by m.amopstrategy) as schemas,
           array_agg(p.oprname::text order by m.amopstrategy) as names
    from pg_opclass f
    join pg_am a on a.oid = f.opcmethod and a.amname = 'btree'
    join pg_amop m on m.amopfamily = f.opcfamily and m.amoplefttype = f.opcintype
      and m.amoprighttype = f.opcintype and m.amopstrategy in (2, 4, 5)
    join pg_operator p on p.oid = m.amopopr
    join pg_namespace n on n.oid = p.oprnamespace
    where f.opcdefault and f.opcintype = t.oid) o
  where k.at is not null or c.value ->> 'name' = p_sort_column;

  if v_key = '{}' or v_order @? '$[*] ? (@.usable == false)' then
    v_order := jsonb_path_query_array(v_order, '$[*] ? (@.name == $name && @.usable == true)',
      jsonb_build_object('name', p_sort_column));
    if v_order <> '[]' then
      v_order := v_order
        || '{"name": "tableoid", "type": "oid", "text": "n.tableoid::text", "nullable": false, "gt": "operator(pg_catalog.>)"}'::jsonb
        || '{"name": "ctid", "type": "tid", "text": "n.ctid::text", "nullable": false, "gt": "operator(pg_catalog.>)"}'::jsonb;
    end if;
  end if;
  return v_order;
end
$$;
