-- rowhook.table_columns(table): its columns as they are now, with all that generated code needs:
-- [{"attnum", "name", "type", "type_oid", "not_null", "base_oid", "settings", "foreign", "collation"?, "expression"?,
-- "raises"?}].
--   collation   oid of one that is not the default
--   expression  of a virtual column; of rowhook.unknown_columns a null. It is for transition tables, which have no
--               tableoid: an expression that names it looks into a row which has nothing else
--   raises      it may do so on some row (rowhook.may_raise)
create or replace function rowhook.table_columns(p_relid oid) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $$
  select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
           'attnum', c.attnum,
           'name', c.name,
           'type', coalesce(pg_catalog.format_type(c.type_oid, a.atttypmod), c.type_oid::text),
           'type_oid', c.type_oid::bigint,
           'not_null', coalesce(a.attnotnull, false),
           'base_oid', t.base_type::bigint,
           'settings', t.settings,
           'foreign', t."foreign",
           'collation', c.collation_oid::bigint,
           'expression', case
             when u.attnum is not null then format('null::%s', pg_catalog.format_type(c.type_oid, a.atttypmod))
             when d.adbin::text like '%:varattno -6 %'
               then format('(select %s from (select %s::oid as tableoid) tableoid)', v.expression, p_relid)
             else v.expression end,
           'raises', nullif(u.attnum is null and rowhook.may_raise(d.adbin::text), false))) order by c.attnum), '[]')
  from rowhook.live_columns(p_relid) c
  cross join lateral rowhook.type_traits(c.type_oid) t
  left join pg_catalog.pg_attribute a on a.attrelid = p_relid and a.attnum = c.attnum
  left join rowhook.virtual_columns(p_relid) v on v.attnum = c.attnum
  left join pg_catalog.pg_attrdef d on d.adrelid = p_relid and d.adnum = v.attnum
  left join (select unnest(rowhook.unknown_columns(p_relid))) u(attnum) on u.attnum = c.attnum
$$;
