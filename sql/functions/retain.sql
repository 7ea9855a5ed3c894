-- rowhook.retain(table, keep): keeps every change of a table for that long, whether a sink wants it or not,
-- from now on; of a table whose history is kept already, for another time, and without the filter that
-- it may have had. (A filter is given through the API, which compiles it.)
-- Places triggers where they are missing, and waits up to 1 s for the lock that this takes. Raises with a
-- hint on bad input. Writes source, audit.
create or replace function rowhook.retain(relation text, keep interval) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_relid   regclass := rowhook.find_table(relation);
  v_source  int;
  v_before  interval;
begin
  if v_relid is null then
    raise exception using
      errcode = 'undefined_table',
      message = format('there is no table %s', coalesce(relation, 'null')),
      detail = 'Without a schema, a name means the schema public.',
      hint = 'give the name with its schema, quoted as in SQL: public.orders';
  elsif rowhook.refusal(v_relid) is not null then
    raise exception using
      errcode = 'wrong_object_type',
      message = format('the history of %s cannot be kept', v_relid),
      detail = rowhook.refusal(v_relid),
      hint = 'name a table of your own on which triggers can be created';
  elsif keep is null or keep <= interval '0' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('%s is no time to keep changes for', coalesce(keep::text, 'null')),
      detail = 'It must be longer than nothing.',
      hint = format('for example: select rowhook.retain(%L, ''30 days''); to end it: rowhook.unretain', relation);
  end if;

  v_source := rowhook.source_for(v_relid);
  select s.retention into v_before from rowhook.source s where s.id = v_source for update;
  update rowhook.source s
  set retention = keep, retention_filter = null, retention_parts = null, retention_can_raise = false,
      retention_names = '{}'
  where s.id = v_source;
  begin
    perform rowhook.refresh(v_relid);
  exception when lock_not_available then
    raise exception using
      errcode = 'lock_not_available',
      message = format('%s is busy: no lock on it in 1 s', v_relid),
      detail = 'Creating a trigger waits for every open transaction that wrote to the table.',
      hint = 'try again in a quieter moment, or set lock_timeout to wait longer; writers wait behind you meanwhile';
  end;
  insert into rowhook.audit (actor, action, resource, before, after)
  values ('sql:' || session_user, 'retention.set', 'table:' || v_relid,
          case when v_before is not null then jsonb_build_object('keep', v_before::text) end,
          jsonb_build_object('keep', keep::text));
end
$$;
