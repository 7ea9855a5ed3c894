-- rowhook.readable(document): the JSON document without the escape \u0000, which a json column may hold
-- and which makes every function that takes JSON apart raise, whatever part it is asked for. It turns
-- into U+FFFD; only for looking, never for sending.
create or replace function rowhook.readable(p_document json) returns json
language sql immutable strict
set search_path = pg_catalog, pg_temp
as $$
  select case
    when strpos(p_document::text, '\u0000') = 0 then p_document
    else regexp_replace(p_document::text, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g')::json
  end
$$;
