-- rowhook.row_actions(table): the actions that must be captured by a trigger "for each row", because a
-- row trigger of the user's may change the same table again.
-- Statement triggers fire after all row triggers of their statement. So what a row trigger changes in
-- turn would be captured before the change that set it off, and a receiver would end with the older
-- row. A row trigger that sees the transition tables and comes first by name captures the whole
-- statement at its first call, before any other trigger runs; its further calls do nothing.
-- Foreign keys of a table on itself that cascade are row triggers, too.
-- Not for partitions, tables in an inheritance tree (Postgres allows no such triggers there), or tables
-- without a key (the first call is known by its row): these keep statement triggers.
create or replace function rowhook.row_actions(p_relid oid) returns text[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case when rowhook.table_key(p_relid) = '{}'
                or exists (select from pg_catalog.pg_class c
                           where c.oid = p_relid and (c.relkind <> 'r' or c.relispartition))
                or exists (select from pg_catalog.pg_inherits i where p_relid in (i.inhrelid, i.inhparent))
    then '{}'::text[]
    else array(
      select a.action
      from (values ('insert', 4), ('delete', 8), ('update', 16)) a(action, bit)
      where exists (
              select from pg_catalog.pg_trigger g
              join pg_catalog.pg_proc p on p.oid = g.tgfoid
              where g.tgrelid = p_relid and not g.tgisinternal and g.tgenabled <> 'D'
                and p.pronamespace <> 'rowhook'::regnamespace
                -- for each row, and neither before nor instead
                and g.tgtype & 1 = 1 and g.tgtype & 66 = 0 and g.tgtype & a.bit <> 0)
         or exists (
              select from pg_catalog.pg_constraint f
              where f.contype = 'f' and f.conrelid = p_relid and f.confrelid = p_relid
                and case a.action when 'delete' then f.confdeltype when 'update' then f.confupdtype end
                    in ('c', 'n', 'd')))
  end
$$;
