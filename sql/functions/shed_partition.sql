-- rowhook.shed_partition(partition, ends at): frees the space of a partition of the log that is old enough,
-- as far as nobody needs it (rowhook.partition_needs). Returns what came of it:
--   emptied   nobody needs any of it: truncated
--   trimmed   only a few rows are needed: everything else is gone
--   rebuilt   less than half of it is needed: that was copied; rowhook.swap_partition puts it in place
--   needed    it stays as it is; its comment says for whom
--   empty     there is nothing in it
--   busy      somebody holds a lock on it: try again later
-- Truncating locks this partition alone, which nobody writes to any more; dropping it would lock the
-- whole log (see rowhook.drop_partitions). Waits for no lock for longer than 100 ms.
-- What must be counted is counted once for each set of those in need, which the comment remembers.
-- Writes event, setting.
create or replace function rowhook.shed_partition(p_relid regclass, p_ends_at timestamptz) returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name     text := (select c.relname from pg_class c where c.oid = p_relid);
  v_needs    record;
  v_for      text;
  v_comment  jsonb := coalesce(obj_description(p_relid, 'pg_class'), '{}')::jsonb;
  v_total    bigint;
  v_kept     bigint;
  v_late     boolean;
begin
  if pg_relation_size(p_relid) = 0 then
    return 'empty';
  end if;
  select * into v_needs from rowhook.partition_needs(p_relid, p_ends_at);
  perform set_config('lock_timeout', '100ms', true);
  if v_needs.condition = 'false' then
    execute format('lock table %s in access exclusive mode', p_relid);
    -- somebody may have asked for a message in it meanwhile
    select n.condition <> 'false' into v_late from rowhook.partition_needs(p_relid, p_ends_at) n;
    if v_late then
      return 'needed';
    end if;
    perform rowhook.forget_partition(p_relid, p_ends_at, '{}');
    execute format('truncate %s', p_relid);
    execute format('comment on table %s is null', p_relid);
    return 'emptied';
  end if;

  v_for := rowhook.name_needs(v_needs.retained, v_needs.streams, v_needs.referenced);
  if v_comment ->> 'kept_for' = v_for then
    return 'needed';
  end if;
  execute format('select count(*), count(*) filter (where %s) from %s e', v_needs.condition, p_relid)
  into v_total, v_kept;
  if v_kept > v_total / 2 or v_total - v_kept < 1000 then
    execute format('comment on table %s is %L', p_relid, v_comment || jsonb_build_object('kept_for', v_for));
    return 'needed';
  end if;
  execute format('drop table if exists rowhook.%I', v_name || '_rest');
  execute format('create table rowhook.%I (like %s including all excluding identity)', v_name || '_rest', p_relid);
  execute format('insert into rowhook.%I select e.* from %s e where %s', v_name || '_rest', p_relid, v_needs.condition);
  if v_kept > 10000 then
    execute format('comment on table rowhook.%I is %L', v_name || '_rest', v_comment || jsonb_build_object('kept_for', v_for));
    return 'rebuilt';
  end if;
  execute format('lock table %s in access exclusive mode', p_relid);
  select rowhook.name_needs(n.retained, n.streams, n.referenced) <> v_for into v_late
  from rowhook.partition_needs(p_relid, p_ends_at) n;
  if v_late then
    execute format('drop table rowhook.%I', v_name || '_rest');
    return 'needed';
  end if;
  perform rowhook.forget_partition(p_relid, p_ends_at, v_needs.retained);
  -- a message of it may have been asked for since the copy was made
  execute format(
    'insert into rowhook.%1$I select e.* from %2$s e
     where e.id in (select w.event_id from rowhook.written_down() w) and e.id not in (select r.id from rowhook.%1$I r)',
    v_name || '_rest', p_relid);
  execute format('truncate %s', p_relid);
  execute format('insert into %s select * from rowhook.%I', p_relid, v_name || '_rest');
  execute format('drop table rowhook.%I', v_name || '_rest');
  execute format('comment on table %s is %L', p_relid, v_comment || jsonb_build_object('kept_for', v_for));
  return 'trimmed';
exception when lock_not_available or deadlock_detected then
  return 'busy';
end
$$;
