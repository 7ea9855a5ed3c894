-- rowhook.annotate(document): the changes that this transaction makes from here on carry the JSON
-- object as transaction_annotations; a later call replaces it, null ends it. Writes nothing.
create or replace function rowhook.annotate(document jsonb) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(document) <> 'object' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('annotations must be a JSON object, not %s', jsonb_typeof(document)),
      hint = 'for example: select rowhook.annotate(''{"user_id": 7}'')';
  end if;
  perform set_config('rowhook.annotations', coalesce(document::text, ''), true);
end
$$;
