-- rowhook.retain(table, keep), of text as it is written in a statement: what is no interval is refused in our
-- own words, which a parameter of type interval would leave no time for.
create or replace function rowhook.retain(relation text, keep text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_keep  interval;
begin
  begin
    v_keep := keep;
  exception when data_exception then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('%L is no time to keep changes for', keep),
      detail = sqlerrm,
      hint = format('for example: select rowhook.retain(%L, ''30 days''); to end it: rowhook.unretain', relation);
  end;
  perform rowhook.retain(relation, v_keep);
end
$$;
