-- rowhook.statement_level(context): tells a statement's triggers from those of statements inside it and around it, by
-- pg_context as one of them has it: but for its first line, which is the trigger function's own, all triggers of one
-- statement have the same.
create or replace function rowhook.statement_level(p_context text) returns bigint
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return hashtextextended(substr(p_context, strpos(p_context || E'\n', E'\n') + 1), 0);
end
$$;
