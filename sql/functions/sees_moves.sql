-- rowhook.sees_moves(table, source): whether all partitions below a partitioned table have the triggers that see rows come
-- and go (rowhook.moves_code). One that was attached just now does not.
create or replace function rowhook.sees_moves(p_relid oid, p_source int) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_function  oid := to_regprocedure(format('rowhook.moves_%s()', p_source));
begin
  return (
    select count(distinct t.relid) * 2 = count(g.oid)
    from pg_partition_tree(p_relid::regclass) t
    left join pg_trigger g on g.tgrelid = t.relid and g.tgfoid = v_function and g.tgenabled in ('O', 'A')
    where t.isleaf);
end
$$;
