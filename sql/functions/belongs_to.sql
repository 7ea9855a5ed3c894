-- rowhook.belongs_to(member, table): whether a table is (still) a partition or an inheritance child
-- of another. Capture asks when a statement names a member: the triggers stay on a table that was
-- detached, but its rows are no longer the tree's.
-- pg_partition_ancestors sees the present, not the transaction's snapshot.
create or replace function rowhook.belongs_to(p_member oid, p_relid oid) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
           select from pg_catalog.pg_partition_ancestors(p_member::regclass) a where a.relid::oid = p_relid)
      or exists (
           with recursive above(relid) as (
             select i.inhparent from pg_catalog.pg_inherits i where i.inhrelid = p_member
             union
             select i.inhparent from above a join pg_catalog.pg_inherits i on i.inhrelid = a.relid)
           select from above a where a.relid = p_relid)
$$;
