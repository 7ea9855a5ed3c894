-- rowhook.swap_partition(partition, ends at): puts the copy that rowhook.shed_partition has made of the
-- needed rows in the place of the partition. Returns 'trimmed'; 'needed' when others need it since, and
-- then the copy is gone; 'busy' when the lock was not to be had. Detaching locks the log against its
-- writers: it waits 50 ms for that, holds it for milliseconds, and is tried again at the next
-- maintenance. Writes event, setting.
create or replace function rowhook.swap_partition(p_relid regclass, p_ends_at timestamptz) returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name   text := (select c.relname from pg_class c where c.oid = p_relid);
  v_rest   regclass := format('rowhook.%I', v_name || '_rest')::regclass;
  v_needs  record;
begin
  if pg_relation_size('rowhook.event_default') > 16777216 then
    return 'busy'; -- attaching would read all of that
  end if;
  perform set_config('lock_timeout', '50ms', true);
  -- so that attaching has nothing to read: Postgres believes a constraint
  execute format('alter table %s drop constraint if exists of_its_day', v_rest);
  execute format('alter table %s add constraint of_its_day check (captured_at >= %L and captured_at < %L)',
    v_rest, p_ends_at - interval '1 day', p_ends_at);
  lock table only rowhook.event in access exclusive mode;
  execute format('lock table %s in access exclusive mode', p_relid);
  select * into v_needs from rowhook.partition_needs(p_relid, p_ends_at);
  if rowhook.name_needs(v_needs.retained, v_needs.streams, v_needs.referenced)
     is distinct from obj_description(v_rest, 'pg_class')::jsonb ->> 'kept_for'
  then
    execute format('drop table %s', v_rest);
    return 'needed';
  end if;
  perform rowhook.forget_partition(p_relid, p_ends_at, v_needs.retained);
  execute format(
    'insert into %1$s select e.* from %2$s e
     where e.id in (select w.event_id from rowhook.written_down() w) and e.id not in (select r.id from %1$s r)',
    v_rest, p_relid);
  execute format('alter table rowhook.event detach partition %s', p_relid);
  execute format('drop table %s', p_relid);
  execute format('alter table %s rename to %I', v_rest, v_name);
  execute format('alter table rowhook.event attach partition %s for values from (%L) to (%L)',
    v_rest, p_ends_at - interval '1 day', p_ends_at);
  execute format('alter table %s drop constraint of_its_day', v_rest);
  return 'trimmed';
exception when lock_not_available or deadlock_detected then
  return 'busy';
end
$$;
