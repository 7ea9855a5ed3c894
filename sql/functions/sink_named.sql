-- rowhook.sink_named(name): the id of a sink, by its name or its public id. Raises 22023 with a hint.
create or replace function rowhook.sink_named(p_name text) returns int
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id  int;
begin
  select s.id into v_id from rowhook.sink s where s.name = p_name or s.uid::text = p_name order by s.name = p_name desc limit 1;
  if v_id is null then
    raise exception using errcode = 'invalid_parameter_value', column = 'sink',
      message = format('there is no sink named %L', p_name),
      detail = 'the sinks are ' || coalesce((select string_agg(s.name, ', ' order by s.name) from (
        select o.name from rowhook.sink o order by o.name limit 20) s), 'none'),
      hint = 'make it with POST /api/sinks, or see: select name from rowhook.status';
  end if;
  return v_id;
end
$$;
