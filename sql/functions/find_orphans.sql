-- rowhook.find_orphans(): streams that should run and that nobody runs: the net below the ticker's
-- own announcements (rowhook.pulse), for whatever a dispatcher that died had not finished, frozen
-- batches that are due, messages asked for again, active replays and backfills.
-- A live stream that merely lags behind the newest tick is looked at every 20 seconds, when its sink was
-- changed (resumed, say), and when its dispatcher has just died (rowhook.bury); if there is nothing for it in between, its position is moved up, so that
-- no scan and no partition waits for it.
-- Writes stream (positions of idle streams), and applies commands to streams that nobody runs.
create or replace function rowhook.find_orphans() returns bigint[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now     timestamptz := rowhook.now();
  v_newest  rowhook.tick;
  v_result  bigint[];
  r         record;
begin
  select * into v_newest from rowhook.tick t order by t.id desc limit 1;

  -- the dispatcher that these were left for is gone
  perform rowhook.apply_commands(st.sink_id)
  from rowhook.stream st
  where st.replay_id is null and st.owner is null
    and st.sink_id in (select c.sink_id from rowhook.command c);

  select coalesce(array_agg(st.id), '{}') into v_result
  from rowhook.stream st
  join rowhook.sink s on s.id = st.sink_id and s.status = 'active'
  where st.owner is null
    and (st.circuit = 'closed' or st.circuit_next_at is null or st.circuit_next_at <= v_now)
    and (exists (
           select from rowhook.replay p
           where p.id = st.replay_id and p.state = 'active'
             and (st.last_id < p.until_id
                  or exists (select from rowhook.batch b
                             where b.stream_id = st.id and (b.next_at is null or b.next_at <= v_now))
                  or not exists (select from rowhook.batch b where b.stream_id = st.id)))
         or st.replay_id is null and (
           st.last_id > 0
           or st.tick_from <> st.tick_to
           or st.circuit = 'open'
           or exists (select from rowhook.batch b
                      where b.stream_id = st.id and (b.next_at is null or b.next_at <= v_now))
           or exists (select from rowhook.held h
                      where h.stream_id = st.id and coalesce(h.groups[1], '') not like 'stale:%')
              and not exists (select from rowhook.batch b where b.stream_id = st.id)
           -- what waited for an edit, of a table that waits no longer
           or exists (
             select from (
               select distinct h.groups[1] as name from rowhook.held h
               where h.stream_id = st.id and h.groups[1] like 'stale:%') h
             where not exists (
               select from rowhook.sink_table t
               where t.sink_id = st.sink_id and 'stale:' || t.source_id = h.name and t.stale_reason is not null))
           -- one that was asked for again waits for no batch: it is among the last
           or exists (
             select from (
               select h.groups from rowhook.held h where h.stream_id = st.id order by h.seq desc limit 20) h
             where coalesce(h.groups[1], '') not like 'stale:%'
               and not exists (select from rowhook.batch b where b.stream_id = st.id and b.groups && h.groups))
           or exists (select from rowhook.backfill f
                      where f.sink_id = st.sink_id and f.state = 'active')));

  for r in
    select st.id, st.sink_id, st.token, f as from_tick
    from rowhook.stream st
    join rowhook.sink s on s.id = st.sink_id and s.status = 'active'
    join rowhook.tick f on f.id = st.tick_from
    where st.owner is null and st.replay_id is null
      and st.tick_from < v_newest.id
      -- a sink that was resumed, or edited, since: at once
      and (st.updated_at < v_now - interval '20 seconds' or st.updated_at < s.updated_at)
      and st.id <> all(v_result)
    order by st.updated_at
    limit 100
  loop
    -- before the snapshot of what follows: a partition that is being trimmed looks empty to an earlier one
    lock table rowhook.event in access share mode;
    if r.sink_id = any(rowhook.due_sinks(r.from_tick, v_newest.snapshot, v_newest.high)) then
      v_result := v_result || r.id;
    else
      update rowhook.stream st
      set tick_from = v_newest.id, tick_to = v_newest.id, last_id = 0, updated_at = v_now
      where st.id = r.id and st.token = r.token and st.owner is null;
    end if;
  end loop;
  return v_result;
end
$$;
