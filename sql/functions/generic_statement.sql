-- rowhook.generic_statement(source, operation): the SQL text that captures a statement on a table
-- which was altered since its code was generated: made anew from the table as it is now, with the
-- present names and key, and with every verdict left to the reader (rowhook.decide). Such events
-- carry their `shape`, which also tells the dispatcher to regenerate.
-- Where virtual columns may raise, each is computed in a block of its own, and is null where it does; the shape then has
-- a member without a name, {"record": {"column": "the error"}, "old": {…}}, for rowhook.judge.
create or replace function rowhook.generic_statement(p_source int, p_operation text) returns text
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select rowhook.generic_text(rowhook.capture_spec(p_source), lower(p_operation))
$$;
