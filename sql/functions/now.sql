-- Now, by the database's clock: the only clock that decides when anything is due, so that clock
-- differences between dispatchers do not matter. Tests set it with `set rowhook.now = '…'`; a
-- session can only mislead itself, because no capture function calls this.
create or replace function rowhook.now() returns timestamptz
language sql volatile parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(nullif(current_setting('rowhook.now', true), '')::timestamptz, clock_timestamp())
$$;
