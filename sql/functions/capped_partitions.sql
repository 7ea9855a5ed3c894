-- rowhook.capped_partitions(): the partitions of the log that a cap (rowhook.cap_log) says must go, oldest
-- first, with the reason; none when no cap is set. Never the one of today. Reads only.
create or replace function rowhook.capped_partitions()
returns table (relid regclass, ends_at timestamptz, reason text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  with cap as (
    select (s.value ->> 'max_age')::interval as max_age, (s.value ->> 'max_bytes')::bigint as max_bytes
    from rowhook.setting s where s.name = 'log_cap'
  ),
  part as (
    select p.relid, p.ends_at, pg_total_relation_size(p.relid) as bytes,
           -- the default partition cannot be cut, but counts
           pg_total_relation_size('rowhook.event_default')
             + sum(pg_total_relation_size(p.relid)) over (order by p.ends_at desc) as bytes_from_here
    from rowhook.partitions('event') p
  )
  select p.relid, p.ends_at,
         case when p.ends_at <= rowhook.now() - c.max_age
           then format('the log is capped at %s (rowhook.cap_log)', c.max_age)
           else format('the log is capped at %s (rowhook.cap_log)', pg_size_pretty(c.max_bytes)) end
  from part p
  cross join cap c
  where p.ends_at <= rowhook.now() and pg_relation_size(p.relid) > 0
    and (p.ends_at <= rowhook.now() - c.max_age or p.bytes_from_here > c.max_bytes)
  order by p.ends_at
$$;
