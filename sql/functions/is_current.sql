-- rowhook.is_current(table, digest): whether code that was generated when the table had this digest
-- may run on the table as it is now.
--
-- Declared immutable, which it is not, so that the planner evaluates it once and each statement of a
-- session then finds a constant: this check costs 0.1 µs where a probing query costs 2. The constant
-- never goes stale, because a plan that names a regclass constant is planned anew when that table's
-- definition changes. Only ever call it with constants, as the capture functions do.
-- Never raises: whatever goes wrong here must not reach the user's statement.
create or replace function rowhook.is_current(p_relid regclass, p_digest text) returns boolean
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rowhook.table_digest(p_relid) = p_digest;
exception when others then
  return false;
end
$$;
