-- rowhook.stored_columns(columns, names): the columns of a source as stored documents have them: `name`
-- is the member's, and `stored_type` what it is read back as. A column that the documents do not have
-- gets a name that none has, and so reads as null.
--   p_columns  source.columns
--   p_names    rowhook.names_at
create or replace function rowhook.stored_columns(p_columns jsonb, p_names jsonb) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(c.value || jsonb_build_object(
           'name', coalesce(p_names ->> (c.value ->> 'attnum'), format('(column %s)', c.value ->> 'attnum')),
           'stored_type', case s.type when pg_catalog.format_type(c.type_oid, -1)
             then c.value ->> 'type' else s.type end) order by c.at), '[]')
  from (
    select c.value, c.at, (c.value ->> 'type_oid')::oid as type_oid
    from jsonb_array_elements(p_columns) with ordinality c(value, at)) c
  cross join lateral (select rowhook.stored_type(c.type_oid, -1) as type) s
$$;
