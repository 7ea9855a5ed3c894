-- rowhook.beat(dispatcher, …): a dispatcher's heartbeat, once a second, and everything that it must
-- know besides the log, in one round trip:
--   alive     false: it must begin anew. Others took this dispatcher for dead, and its leases are gone; or tick p_known
--             is lost, and what it has in memory is of another past than this server's
--   dead      dispatchers that this call found silent for longer than p_dead_after and removed
--   orphans   streams to start: work is due and no dispatcher runs them
--   sinks     {"<sink id>": rowhook.run_version} of the sinks whose streams this dispatcher runs
--   commands  sinks of those with something in rowhook.command
--   tick_id   the newest tick
--   now_ms    this clock, Unix milliseconds
--   due       sinks with something to read since tick p_known; only looked at when asleep, because
--             who is awake asks rowhook.pulse all the time
-- Writes dispatcher, stream, and the sequence sleep_seq.
create or replace function rowhook.beat(
  p_dispatcher uuid, p_asleep boolean, p_known bigint default null,
  p_dead_after interval default interval '6 seconds',
  out alive boolean, out dead uuid[], out orphans bigint[], out sinks json, out commands int[],
  out tick_id bigint, out due int[],
  out now_ms double precision)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now   timestamptz := rowhook.now();
  v_high  bigint := rowhook.last_event_id();
begin
  if rowhook.was_restored() then
    perform rowhook.rebase();
  end if;
  -- before anything is written: see rowhook.take_tick
  due := '{}';
  if p_asleep then
    select p.tick_id, p.due, p.orphans into tick_id, due, orphans from rowhook.pulse(p_known) p;
  else
    select t.id into tick_id from rowhook.tick t order by t.id desc limit 1;
  end if;
  update rowhook.dispatcher d
  set beat_at = v_now, asleep = p_asleep
  where d.id = p_dispatcher;
  alive := found and (p_known is null or exists (select from rowhook.tick t where t.id = p_known));
  now_ms := extract(epoch from v_now) * 1000;

  -- skip locked: a dispatcher whose beat is being written right now is not dead
  select coalesce(array_agg(g.id), '{}') into dead
  from (
    select o.id from rowhook.dispatcher o
    where o.beat_at < v_now - p_dead_after and o.id <> p_dispatcher
    for update skip locked) g;
  if dead <> '{}' then
    perform rowhook.bury(dead);
  end if;

  -- the first trigger that meets 2 wakes us and sets it back to 1
  if p_asleep and not exists (select from rowhook.dispatcher d where not d.asleep and not d.draining) then
    perform setval('rowhook.sleep_seq', 2);
    -- what came between the look and this has met nobody who sleeps
    if rowhook.last_event_id() > v_high then
      perform rowhook.wake();
    end if;
  end if;

  orphans := rowhook.find_orphans() || orphans;
  select coalesce(json_object_agg(s.id, rowhook.run_version(s)), '{}') into sinks
  from rowhook.sink s
  where s.id in (select st.sink_id from rowhook.stream st where st.owner = p_dispatcher);
  select coalesce(array_agg(distinct c.sink_id), '{}') into commands
  from rowhook.command c;
end
$$;
