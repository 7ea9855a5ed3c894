-- rowhook.foreign_members(table): the foreign tables below a table, its partitions and inheritance children, by oid.
-- Postgres refuses every statement that reaches one of them by way of a table with triggers that have transition
-- tables. (It makes none a partition of a table with a unique index, nor of one with constraint triggers.)
-- In plpgsql, because dispatchers ask often, and a function in SQL would be planned each time.
create or replace function rowhook.foreign_members(p_relid oid) returns regclass[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from pg_catalog.pg_foreign_table) then
    return '{}';
  end if;
  return (
    with recursive tree(relid) as (
      select p_relid union select i.inhrelid from tree t join pg_catalog.pg_inherits i on i.inhparent = t.relid)
    select coalesce(array_agg(c.oid::regclass order by c.oid), '{}')
    from tree t join pg_catalog.pg_class c on c.oid = t.relid where c.relkind = 'f');
end
$$;
