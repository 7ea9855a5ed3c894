-- rowhook.may_maintain(table): whether this transaction may do a step of rowhook.maintain: no other does one
-- until it ends, and the table it is about, where there is one, still exists.
create or replace function rowhook.may_maintain(p_relid regclass default null) returns boolean
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select pg_try_advisory_xact_lock(7261, 3)
    and (p_relid is null or exists (select from pg_class c where c.oid = p_relid))
$$;
