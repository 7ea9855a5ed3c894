-- rowhook.table_tree(table): the table and everything below it, partitions and inheritance children,
-- whose rows a statement on the table reaches, the table first.
--   kind  "table", "partition" or "child"
--   Foreign tables are left out: they cannot have our triggers.
create or replace function rowhook.table_tree(p_relid oid)
returns table (relid regclass, kind text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive tree(relid, level) as (
    select p_relid, 0
    union
    select i.inhrelid, t.level + 1 from tree t join pg_catalog.pg_inherits i on i.inhparent = t.relid)
  select c.oid::regclass,
         case when c.oid = p_relid then 'table' when c.relispartition then 'partition' else 'child' end
  from (select t.relid, min(t.level) as level from tree t group by t.relid) t
  join pg_catalog.pg_class c on c.oid = t.relid
  where c.relkind in ('r', 'p')
  order by t.level, c.oid
$$;
