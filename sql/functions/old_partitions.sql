-- rowhook.old_partitions(age): the day partitions of rowhook.event that ended so long ago, oldest first.
create or replace function rowhook.old_partitions(p_age interval)
returns table (relid regclass, ends_at timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select p.relid, p.ends_at
  from rowhook.partitions('event') p
  where p.ends_at <= rowhook.now() - p_age
  order by p.ends_at
$$;
