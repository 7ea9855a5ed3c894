-- rowhook.cap_partition(partition, ends at, reason): drops the rows of a partition of the log although they
-- are needed, because a person has set a cap (rowhook.cap_log). Returns how many messages it cost; null
-- when the lock was not to be had. Each of them becomes a discarded message of its sink that says why, and has a
-- key, but no payload; a line of the audit log has the numbers.
-- Messages that are failing or set aside are found to be lost, and discarded, when their turn comes.
-- Writes event, discarded, stream.last_error, audit, setting.
create or replace function rowhook.cap_partition(p_relid regclass, p_ends_at timestamptz, p_reason text)
returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_costs  jsonb;
  v_count  bigint;
begin
  perform set_config('lock_timeout', '100ms', true);
  execute format('lock table %s in access exclusive mode', p_relid);
  execute format($q$
    with lost as (
      insert into rowhook.discarded as d (sink_id, event_id, groups, attempts, error, event)
      select p.sink_id, e.id, '{}', 0, $1, rowhook.event_document(e) || '{"lost": true}'
      from rowhook.positions(array(select k.id from rowhook.sink k)) p
      join rowhook.sink_table s on s.sink_id = p.sink_id
      join %s e on e.source_id = s.source_id and (p.sink_id = any (e.sinks) or p.sink_id = any ((e.extra).undecided))
      where e.action <> 'r'
        and not rowhook.is_settled(e.id, e.xid, p.from_snapshot, p.to_snapshot, p.last_id, p.floor, p.ceiling)
        and e.id not in (select w.event_id from rowhook.written_down() w)
      -- one that a replay discarded keeps its payload
      on conflict (sink_id, event_id) do update
      set replay_id = null, error = excluded.error, discarded_at = rowhook.now()
      where d.replay_id is not null
      returning sink_id)
    select coalesce(jsonb_object_agg(c.sink_id::text, c.events), '{}'), coalesce(sum(c.events), 0)
    from (select l.sink_id, count(*) as events from lost l group by l.sink_id) c
    $q$, p_relid)
  into v_costs, v_count using p_reason;
  update rowhook.stream st
  set last_error = format('%s messages were dropped: %s', v_costs ->> st.sink_id::text, p_reason),
      last_error_at = rowhook.now()
  where st.replay_id is null and v_costs ? st.sink_id::text;
  insert into rowhook.audit (actor, action, resource, before, after)
  values ('rowhook', 'log.cap', 'partition:' || p_relid::text, null, jsonb_build_object(
    'reason', p_reason, 'messages', v_count, 'sinks', (
      select coalesce(jsonb_object_agg(k.name, c.value), '{}')
      from jsonb_each(v_costs) c join rowhook.sink k on k.id = c.key::int)));
  perform rowhook.forget_partition(p_relid, p_ends_at, '{}');
  execute format('truncate %s', p_relid);
  execute format('comment on table %s is null', p_relid);
  return v_count;
exception when lock_not_available or deadlock_detected then
  return null;
end
$$;
