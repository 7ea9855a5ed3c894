-- rowhook.annotate(document), of text as it is written in a statement: what is no JSON is refused in our
-- own words, which a parameter of type jsonb would leave no time for.
create or replace function rowhook.annotate(document text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_document  jsonb;
begin
  begin
    v_document := document;
  exception when data_exception then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'annotations must be a JSON object, and this is no JSON',
      detail = format('%s: %s', sqlerrm, left(document, 200)),
      hint = 'for example: select rowhook.annotate(''{"user_id": 7}'')';
  end;
  perform rowhook.annotate(v_document);
end
$$;
