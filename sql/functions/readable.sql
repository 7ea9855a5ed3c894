-- rowhook.readable(document): the JSON document without the escapes that a json column may hold and that
-- make every function which takes JSON apart raise, whatever part it is asked for: \u0000, and halves of
-- surrogate pairs. They turn into U+FFFD; only for looking, never for sending.
create or replace function rowhook.readable(p_document json) returns json
language sql immutable strict
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_document::text !~* '\\u(?:0000|d[89a-f])' then p_document
    else regexp_replace(
      regexp_replace(p_document::text,
        '(?<!\\)((?:\\\\)*)\\u(?:0000|d[89ab][0-9a-f]{2}(?!\\ud[c-f][0-9a-f]{2}))', '\1\\ufffd', 'gi'),
      '(?<!\\)((?:\\\\)*)(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2}', '\1\\ufffd', 'gi')::json
  end
$$;
