-- rowhook.rebase(): makes a log that came out of a dump readable in this cluster; returns whether it was due
-- (rowhook.was_restored). Called by install, by each heartbeat, and before a tick is taken.
--
-- The rows' transaction ids and the ticks' snapshots are another cluster's. Among themselves they still
-- make sense, with this cluster's they do not. So the log gets a seam:
--   tick E   the end of the old log: its snapshot sees everything, its high is the last restored event
--   tick N   the beginning of the new one, E.continues_at: sees nothing, and no scan from it, or from any
--            later tick, begins below E's high (its xid is below all others: rowhook.window_low)
-- Every live stream is put into a window that ends in E; whoever has read that goes on from N. In the
-- middle of a window (A, B] at id L it becomes (A, E] at L: what had not committed at B and has an id up
-- to L would be passed over, so that is set aside (rowhook.held). No event is read twice or not at all,
-- those captured here before this call included.
--
-- Leases and dispatchers of the dump mean nothing: a process that still believes in one begins anew.
-- Tables, columns and types have other numbers here, and are found again by name.
-- Writes tick, stream, held, dispatcher, source, sink_table, replay, backfill_table, installation, audit.
create or replace function rowhook.rebase() returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last    bigint;
  v_end     bigint;
  v_begin   bigint;
  v_source  rowhook.source;
begin
  if not rowhook.was_restored() then
    return false;
  end if;
  perform pg_advisory_xact_lock(7261, 1);
  perform from rowhook.installation i for update;
  if not rowhook.was_restored() then
    return false;
  end if;

  v_last := rowhook.last_restored_id();
  v_end := rowhook.next_tick_id((select max(t.id) from rowhook.tick t));
  v_begin := v_end + 1;
  insert into rowhook.tick (id, low, xid, snapshot, high, at, continues_at) values
    (v_end, v_last, '9223372036854775806', '9223372036854775806:9223372036854775806:', v_last, rowhook.now(), v_begin),
    (v_begin, v_last, '2', '3:3:', v_last, rowhook.now(), null);

  insert into rowhook.held (stream_id, event_id, groups)
  select st.id, e.id, rowhook.lane_keys(st.sink_id, e)
  from rowhook.stream st
  join rowhook.tick f on f.id = st.tick_from
  join rowhook.tick t on t.id = st.tick_to
  join rowhook.sink_table k on k.sink_id = st.sink_id
  join rowhook.event e on e.source_id = k.source_id and e.id > rowhook.window_low(f, t.snapshot) and e.id <= st.last_id
  where st.replay_id is null and st.tick_from <> st.tick_to and t.continues_at is null
    and e.action <> 'r'
    and (st.sink_id = any (e.sinks) or st.sink_id = any ((e.extra).undecided))
    and not pg_visible_in_snapshot(e.xid, f.snapshot)
    and not pg_visible_in_snapshot(e.xid, t.snapshot)
  order by e.id
  on conflict do nothing;
  -- who has not read an older seam yet (restored twice) comes from that one to this
  update rowhook.stream st
  set tick_to = case when t.continues_at is not null then st.tick_to else v_end end,
      last_id = case when st.tick_from = st.tick_to then 0 else st.last_id end,
      owner = null,
      token = st.token + 1
  from rowhook.tick t
  where t.id = st.tick_to and st.replay_id is null;
  update rowhook.stream st set owner = null, token = st.token + 1 where st.replay_id is not null;
  delete from rowhook.dispatcher;

  for v_source in select s.* from rowhook.source s order by s.id loop
    update rowhook.source s
    set relid = rowhook.find_source_again(v_source), fingerprint = null
    where s.id = v_source.id;
    perform rowhook.renumber_source(s.id) from rowhook.source s where s.id = v_source.id and s.relid is not null;
  end loop;
  -- compiled for the old numbers: a dispatcher compiles the text again
  update rowhook.replay r set filter_parts = null where r.filter_text is not null;
  update rowhook.backfill_table t set where_parts = null where t.where_text is not null;

  insert into rowhook.audit (actor, action, resource, before, after)
  select 'rowhook', 'log.rebase', 'log', jsonb_build_object('table_oids', i.table_oids),
         jsonb_build_object('table_oids', rowhook.table_oids(), 'last_restored_event', v_last)
  from rowhook.installation i;
  update rowhook.installation set table_oids = rowhook.table_oids(), updated_at = now();
  perform pg_notify('rowhook_wake', 'config');
  return true;
end
$$;
