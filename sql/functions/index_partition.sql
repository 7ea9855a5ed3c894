-- rowhook.index_partition(partition): builds the indexes by which people search (rowhook.history, messages
-- by group) on a partition of the log that is no longer written, so that capture pays for one index
-- only. Returns whether it did; false when they are there, or when somebody still has the partition
-- locked for writing: the build keeps writers of this one partition out.
--   _key, _old_key  keys, which are the groups of most sinks
--   _group          groups of sinks with a group_by of their own, whichever sink it is
-- A key that is too long for an index (2.7 kB) leaves the partition without, and its comment says so.
create or replace function rowhook.index_partition(p_relid regclass) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name     text := (select c.relname from pg_class c where c.oid = p_relid);
  v_comment  jsonb := coalesce(obj_description(p_relid, 'pg_class'), '{}')::jsonb;
begin
  if v_comment ? 'no_search_index' or to_regclass(format('rowhook.%I', v_name || '_key')) is not null
     and to_regclass(format('rowhook.%I', v_name || '_group')) is not null
     or pg_relation_size(p_relid) = 0 then
    return false;
  end if;
  perform set_config('lock_timeout', '100ms', true);
  begin
    execute format('create index if not exists %I on %s (source_id, pks)', v_name || '_key', p_relid);
    execute format('create index if not exists %I on %s (source_id, ((extra).old_pks)) where (extra).old_pks is not null', v_name || '_old_key', p_relid);
    execute format('create index if not exists %I on %s using gin (groups) where groups is not null', v_name || '_group', p_relid);
  exception when program_limit_exceeded then
    execute format('comment on table %s is %L', p_relid, v_comment || jsonb_build_object('no_search_index', sqlerrm));
    return false;
  end;
  return true;
exception when lock_not_available or deadlock_detected then
  return false;
end
$$;
