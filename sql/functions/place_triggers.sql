-- rowhook.place_triggers(source, actions, only): creates the triggers that are missing on a source's
-- table, its partitions and its children, or on the table p_only of them alone; returns how many.
-- Each table on which one is missing is locked against writers (share row exclusive) until the
-- transaction ends: set a short lock_timeout, and take one table per transaction.
-- Where lock_timeout is not set, it is 1 s here: writers queue up behind whoever waits for this lock.
create or replace function rowhook.place_triggers(
  source_id int, p_actions text[] default '{}', p_only regclass default null)
returns int
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_trigger  record;
  v_count    int := 0;
begin
  if current_setting('lock_timeout') = '0' then
    perform set_config('lock_timeout', '1s', true);
  end if;
  if to_regprocedure(format('rowhook.capture_%s()', source_id)) is null then
    perform rowhook.refresh_source(source_id); -- released since by somebody who took the last sink away
  end if;
  if exists (select from rowhook.wanted_triggers(source_id, p_actions) w where w.definition like '%rowhook.rows\_%()')
     and to_regprocedure(format('rowhook.rows_%s()', source_id)) is null then
    execute rowhook.rows_code(rowhook.capture_spec(source_id));
    execute format('revoke all on function rowhook.rows_%s() from public', source_id);
  end if;
  for v_trigger in
    select w.relid, w.definition
    from rowhook.wanted_triggers(source_id, p_actions) w
    where w.missing and (p_only is null or w.relid = p_only)
    order by w.relid
  loop
    begin
      execute v_trigger.definition;
    exception when undefined_table then
      continue;
    end;
    v_count := v_count + 1;
  end loop;
  return v_count;
end
$$;
