-- rowhook.check_bound(value, type, path): raises 22023, with the path in the error's column field, when
-- the text is no value of the type. Runs under the settings of its caller.
create or replace function rowhook.check_bound(p_value text, p_type text, p_path text) returns void
language plpgsql stable
as $$
begin
  execute pg_catalog.format('select %L::%s', p_value, p_type);
exception when others then
  raise exception using errcode = 'invalid_parameter_value', column = p_path,
    message = sqlerrm,
    hint = pg_catalog.format('give a value of type %s, as text', p_type);
end
$$;
