-- rowhook.history_dropped_until(sources): the time up to which maintenance has dropped changes of any of
-- these sources; null: of none. Setting log_starts_at, which rowhook.forget_history moves on:
-- {"<source id>": time}.
create or replace function rowhook.history_dropped_until(p_sources int[]) returns timestamptz
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select max((s.value ->> k.id::text)::timestamptz)
  from rowhook.setting s
  cross join unnest(p_sources) k(id)
  where s.name = 'log_starts_at'
$$;
