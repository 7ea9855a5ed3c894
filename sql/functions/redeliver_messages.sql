-- rowhook.redeliver_messages(sink, ids): has messages sent again; only while nobody runs the sink's
-- streams (rowhook.apply_commands sees to that). Returns how many there were to send.
--   discarded  set aside behind everything of its group that waits already, with no failures; put back
--              into the log first, under its old id, xid and time, when its partition is gone: every
--              tick has seen that xid, so no window brings it a second time. One that lies ahead of the
--              position is simply discarded no longer
--   failing    its batch is due now, and a circuit that is open probes at once
--   delivered  set aside like a discarded one
-- What is pending is on its way, and what lost its payload cannot be sent: neither counts.
-- Writes event, discarded, held, batch, stream.
create or replace function rowhook.redeliver_messages(p_sink int, p_ids bigint[]) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_live   bigint := (select st.id from rowhook.stream st where st.sink_id = p_sink and st.replay_id is null);
  v_due    bigint;
  v_again  bigint;
begin
  with due as (
    update rowhook.batch b
    set next_at = rowhook.now()
    from rowhook.stream st
    where st.id = b.stream_id and st.sink_id = p_sink and (st.id = v_live or st.owner is null)
      and b.event_ids && p_ids
      and b.next_at is not null
    returning b.event_ids)
  select count(distinct m.event_id) into v_due
  from due d
  cross join unnest(d.event_ids) m(event_id)
  where m.event_id = any (p_ids);
  if v_due > 0 then
    perform rowhook.probe_soon(p_sink);
  end if;

  with mark as (
    select m.event_id from rowhook.message_marks(p_sink) m
  ),
  asked as (
    select i.id from (select distinct unnest(p_ids)) i(id) where i.id not in (select m.event_id from mark m)
  ),
  ahead as materialized (
    select i.id from rowhook.ids_ahead(p_sink, p_ids) i(id)
  ),
  restored as (
    delete from rowhook.discarded d
    using asked a
    where d.sink_id = p_sink and d.event_id = a.id and d.event ? 'source_id' and not d.event ? 'lost'
    returning d as message
  ),
  event as materialized (
    select e.*, (r.message).groups as lanes, true as was_discarded,
           exists (select from rowhook.find_events(array[e.id])) as stored
    from restored r
    cross join lateral rowhook.discarded_event(r.message) e
    union all
    select e.*, rowhook.lane_keys(p_sink, e), false, true
    from asked a
    cross join lateral rowhook.find_events(array[a.id]) e
    where (p_sink = any (e.sinks) or p_sink = any ((e.extra).undecided))
      and not exists (select from rowhook.discarded d where d.sink_id = p_sink and d.event_id = a.id)
      and a.id not in (select i.id from ahead i)
  ),
  back as (
    insert into rowhook.event
      (id, xid, source_id, action, captured_at, sinks, groups, pks, record, changes, extra)
    select e.id, e.xid, e.source_id, e.action, e.captured_at, e.sinks, e.groups, e.pks, e.record, e.changes, e.extra
    from event e
    where not e.stored
  ),
  held as (
    insert into rowhook.held (stream_id, event_id, groups)
    select v_live, e.id, e.lanes
    from event e
    where not (e.was_discarded and e.id in (select i.id from ahead i))
    order by e.id
  )
  select count(*) into v_again from event e;
  return v_due + v_again;
end
$$;
