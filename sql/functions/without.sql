-- rowhook.without(document, names): the JSON object without these members, the others as they are; the
-- document itself where there is nothing to take out. For looking, as rowhook.readable is.
create or replace function rowhook.without(p_document json, p_names text[]) returns json
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case when p_document is null or coalesce(p_names, '{}') = '{}' then p_document
    else (
      select concat('{', string_agg(to_json(m.key)::text || ':' || m.value::text, ',' order by m.at), '}')::json
      from json_each(rowhook.readable(p_document)) with ordinality m(key, value, at)
      where m.key <> all (p_names)) end
$$;
