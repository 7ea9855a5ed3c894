-- rowhook.place_triggers(source, actions, only): creates the triggers that are missing on a source's
-- table, its partitions and its children, or on the table p_only of them alone; returns how many.
-- Each table on which one is missing is locked against writers (share row exclusive) until the
-- transaction ends: set a short lock_timeout, and take one table per transaction.
-- Where lock_timeout is not set, it is 1 s here: writers queue up behind whoever waits for this lock. What the
-- caller does next in their transaction waits as they want it to.
create or replace function rowhook.place_triggers(
  source_id int, p_actions text[] default '{}', p_only regclass default null)
returns int
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lock_timeout  text := current_setting('lock_timeout');
  v_missing       text;
  v_spec          jsonb;
  v_trigger       record;
  v_count         int := 0;
begin
  if v_lock_timeout = '0' then
    perform set_config('lock_timeout', '1s', true);
  end if;
  if to_regprocedure(format('rowhook.capture_%s()', source_id)) is null then
    perform rowhook.refresh_source(source_id); -- released since by somebody who took the last sink away
  end if;
  for v_missing in
    select distinct w.by from rowhook.wanted_triggers(source_id, p_actions) w
    where to_regprocedure(format('rowhook.%s_%s()', w.by, source_id)) is null
  loop
    v_spec := coalesce(v_spec, rowhook.capture_spec(source_id));
    execute case v_missing
      when 'rows' then rowhook.rows_code(v_spec)
      when 'merges' then rowhook.merges_code(source_id)
      when 'moves' then rowhook.moves_code(v_spec) end;
    execute format('revoke all on function rowhook.%s_%s() from public', v_missing, source_id);
  end loop;
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
  perform set_config('lock_timeout', v_lock_timeout, true);
  return v_count;
end
$$;
