-- rowhook.unretain(table): from now on, changes of the table are kept only as long as sinks and the
-- minimum retention need them; older ones go with the next maintenance. Takes the triggers away when no
-- sink names the table; if the table is busy, they stay and capture nothing.
-- Raises with a hint when its history is not kept. Writes source, audit.
create or replace function rowhook.unretain(relation text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_source        rowhook.source := rowhook.source_named(relation);
  v_lock_timeout  text := current_setting('lock_timeout');
begin
  if v_source.retention is null then
    raise exception using
      errcode = 'undefined_object',
      message = format('the history of %I.%I is not kept', v_source.schema_name, v_source.table_name),
      detail = 'Its changes are captured for sinks only.',
      hint = 'see: select * from rowhook.retentions';
  end if;
  update rowhook.source s
  set retention = null, retention_filter = null, retention_parts = null, retention_can_raise = false,
      retention_names = '{}'
  where s.id = v_source.id;
  perform rowhook.refresh_source(v_source.id);
  begin
    if v_lock_timeout = '0' then
      perform set_config('lock_timeout', '1s', true);
    end if;
    perform rowhook.release_source(v_source.id);
    perform set_config('lock_timeout', v_lock_timeout, true);
  exception when lock_not_available then
    null;
  end;
  insert into rowhook.audit (actor, action, resource, before, after)
  values ('sql:' || session_user, 'retention.delete',
          format('table:%I.%I', v_source.schema_name, v_source.table_name),
          jsonb_build_object('keep', v_source.retention::text), null);
end
$$;
