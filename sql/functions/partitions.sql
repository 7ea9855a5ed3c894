-- rowhook.partitions(parent): the day partitions of rowhook.event or rowhook.delivery, oldest first; the
-- default partition is not among them. Named after their day in UTC, which is how their bounds are
-- known: Postgres prints bounds in the time zone of whoever asks.
create or replace function rowhook.partitions(p_parent text)
returns table (relid regclass, name text, starts_at timestamptz, ends_at timestamptz)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select c.oid::regclass, c.relname::text,
         d.day::timestamp at time zone 'UTC', (d.day + 1)::timestamp at time zone 'UTC'
  from pg_catalog.pg_inherits i
  join pg_catalog.pg_class c on c.oid = i.inhrelid
  cross join lateral (select to_date(right(c.relname, 8), 'YYYYMMDD') as day) d
  where i.inhparent = format('rowhook.%I', p_parent)::regclass
    and c.relname ~ ('^' || p_parent || '_[0-9]{8}$')
  order by c.relname
$$;
