-- rowhook.wanted_partitions(): the partitions of today (UTC) and the seven days after it that are missing.
create or replace function rowhook.wanted_partitions() returns table (parent text, day date)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select p.parent, (rowhook.now() at time zone 'UTC')::date + d.ahead
  from (values ('event'), ('delivery')) p(parent)
  cross join generate_series(0, 7) d(ahead)
  where to_regclass(format('rowhook.%I',
    p.parent || '_' || to_char((rowhook.now() at time zone 'UTC')::date + d.ahead, 'YYYYMMDD'))) is null
  order by d.ahead, p.parent
$$;
