-- rowhook.discard_messages(sink, ids): takes messages out of delivery into rowhook.discarded; only while
-- nobody runs the sink's streams (rowhook.apply_commands sees to that). Returns how many there were.
--   failing  taken out of its batch. Members of a batch never change under one webhook-id, so that what
--            is left of it becomes a new batch, due now; a group of which nothing is left is free again
--   pending  set aside: taken from there. In the log: rowhook.read_window passes over it
-- What was delivered, or discarded before, does not count. Writes batch, held, discarded.
create or replace function rowhook.discard_messages(
  p_sink int, p_ids bigint[], p_error text default 'discarded by request')
returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count  bigint;
begin
  with stream as (
    select st.* from rowhook.stream st
    where st.sink_id = p_sink and (st.replay_id is null or st.owner is null)
  ),
  opened as (
    delete from rowhook.batch b
    using stream st
    where st.id = b.stream_id and b.event_ids && p_ids
    returning b.*, st.replay_id
  ),
  member as materialized (
    select o.id as batch_id, o.stream_id, o.replay_id, m.event_id, m.failures, m.ordinal, o.last_error,
           m.event_id = any (p_ids) as goes,
           -- of an event that is gone only the batch knows the groups
           coalesce((select rowhook.lane_keys(p_sink, e) from rowhook.find_events(array[m.event_id]) e), o.groups) as lanes
    from opened o
    cross join lateral unnest(o.event_ids, o.member_failures) with ordinality m(event_id, failures, ordinal)
  ),
  rest as (
    insert into rowhook.batch (id, stream_id, event_ids, member_failures, groups, attempt, next_at, last_error)
    select 'msg_' || gen_random_uuid(), m.stream_id,
           array_agg(m.event_id order by m.ordinal), array_agg(m.failures order by m.ordinal),
           array(select distinct g.name
                 from member o cross join unnest(o.lanes) g(name)
                 where o.batch_id = m.batch_id and not o.goes
                 order by g.name),
           0, rowhook.now(), m.last_error
    from member m
    where not m.goes
    group by m.batch_id, m.stream_id, m.last_error
  ),
  released as (
    delete from rowhook.held h
    using stream st
    where st.id = h.stream_id and h.event_id = any (p_ids)
    returning h.*, st.replay_id
  ),
  gone as (
    select m.event_id, m.replay_id, m.lanes, m.failures, m.batch_id
    from member m
    where m.goes
    union all
    select r.event_id, r.replay_id, r.groups, r.failures, null
    from released r
    union all
    select i.id, null, null, 0, null
    from rowhook.ids_ahead(p_sink, p_ids) i(id)
  ),
  inserted as (
    insert into rowhook.discarded as d
      (sink_id, event_id, replay_id, groups, attempts, webhook_id, error, event, record, changes)
    select distinct on (g.event_id)
           p_sink, g.event_id, g.replay_id,
           coalesce(g.lanes, e.lanes, '{}'), g.failures, g.batch_id, p_error,
           coalesce(e.document, jsonb_build_object('id', g.event_id)), e.record, e.changes
    from gone g
    left join lateral (
      select rowhook.event_document(f) as document, f.record, f.changes, rowhook.lane_keys(p_sink, f) as lanes
      from rowhook.find_events(array[g.event_id]) f) e on true
    -- of what is in a batch and, after a crash, ahead of the position too, the batch knows more
    order by g.event_id, g.failures desc, g.batch_id
    on conflict (sink_id, event_id) do update
    set attempts = excluded.attempts, error = excluded.error, webhook_id = excluded.webhook_id,
        replay_id = null, groups = excluded.groups, discarded_at = rowhook.now()
    -- a replay had discarded it, and so the log would bring it still
    where excluded.replay_id is null and d.replay_id is not null
    returning 1
  )
  select count(*) into v_count from inserted;
  return v_count;
end
$$;
