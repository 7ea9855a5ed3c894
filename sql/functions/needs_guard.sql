-- rowhook.needs_guard(parts, can raise, columns): whether a compiled filter must be tried, in a block
-- that catches errors, before anything is written: because a row may make it raise, or because it
-- leans on a user's type, of which an enum label may be renamed without any sign of it on the table.
create or replace function rowhook.needs_guard(p_parts jsonb, p_can_raise boolean, p_columns jsonb)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_typeof(p_parts) = 'array', false) and (
    p_can_raise
    or p_parts @? '$[*].type'
    or exists (
      select from jsonb_array_elements(p_parts) p
      join jsonb_array_elements(p_columns) c on c -> 'attnum' = p -> 'att'
      where (c ->> 'base_oid')::bigint >= 16384
        -- of another type or collation than when it was compiled, what was found out about raising no longer holds
        or (c ->> 'type_oid')::bigint <> (p ->> 'of')::bigint
        or p ? 'of' and c -> 'collation' is distinct from p -> 'collation'))
$$;
