-- rowhook.pending_in_log(sinks): for each live stream with events in the log that are captured, wanted
-- and not settled by its position: how many, and when the oldest was captured. A sink without any gives
-- no row. Reads only.
--
-- It counts what has committed after the newest tick as well, so that it is right when no dispatcher
-- runs. Of each table it counts 100,000 events behind a position at most: beyond, the number says
-- "at least". Sinks that stand at the same place share one look at a table, and events are summed by
-- the set of sinks that want them before that set is taken apart: a thousand idle sinks cost a probe
-- of the index for each table, a thousand sinks far behind on one table cost one scan.
-- What a crash left settled ahead of the position (rows in batch, held or discarded) is counted once,
-- there: it is subtracted here.
create or replace function rowhook.pending_in_log(p_sinks int[])
returns table (sink_id int, pending bigint, oldest timestamptz)
language sql stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  with place as materialized (
    select st.id as stream_id, st.sink_id, st.tick_from, st.tick_to, st.last_id,
           coalesce(t.continues_at, t.id) as goes_on_at
    from unnest(p_sinks) i(id)
    join rowhook.stream st on st.sink_id = i.id
    join rowhook.tick t on t.id = st.tick_to
    where st.replay_id is null
  ),
  -- What is left of the window under way, and everything behind it.
  stretch as (
    select p.sink_id, p.tick_from as after_tick, p.tick_to as up_to_tick, p.last_id
    from place p
    where p.tick_from <> p.tick_to
    union all
    select p.sink_id, p.goes_on_at, null, 0
    from place p
  ),
  bounded as materialized (
    select d.after_tick, d.up_to_tick, d.last_id, a.snapshot as after_snapshot, b.snapshot as up_to_snapshot,
           greatest(d.last_id, rowhook.window_low(a, coalesce(b.snapshot, pg_catalog.pg_current_snapshot()))) as low,
           coalesce(b.high, 9223372036854775807) as high
    from (select distinct s.after_tick, s.up_to_tick, s.last_id from stretch s) d
    join rowhook.tick a on a.id = d.after_tick
    left join rowhook.tick b on b.id = d.up_to_tick
  ),
  look as (
    select t.source_id, s.after_tick, s.up_to_tick, s.last_id, array_agg(s.sink_id) as sinks
    from stretch s
    join rowhook.read_tables(p_sinks) t on t.sink_id = s.sink_id
    group by t.source_id, s.after_tick, s.up_to_tick, s.last_id
  ),
  found as materialized (
    select l.sinks as asked, e.sinks, e.undecided, e.events, e.oldest
    from look l
    join bounded b on b.after_tick = l.after_tick and b.last_id = l.last_id
      and b.up_to_tick is not distinct from l.up_to_tick
    cross join lateral (
      select o.sinks, o.undecided, count(*) as events, min(o.captured_at) as oldest
      from (
        select e.sinks, (e.extra).undecided, e.captured_at
        from rowhook.event e
        where e.source_id = l.source_id
          and e.id > b.low
          and e.id <= b.high
          and e.action <> 'r'
          and not pg_catalog.pg_visible_in_snapshot(e.xid, b.after_snapshot)
          and (b.up_to_snapshot is null or pg_catalog.pg_visible_in_snapshot(e.xid, b.up_to_snapshot))
        order by e.id
        limit 100000) o
      group by o.sinks, o.undecided) e
  ),
  counted as (
    select w.sink_id, sum(f.events) as events, min(f.oldest) as oldest
    from found f
    cross join lateral (select unnest(f.sinks) union select unnest(f.undecided)) w(sink_id)
    where w.sink_id = any (f.asked)
    group by w.sink_id
  ),
  elsewhere as (
    select p.sink_id, a.events
    from counted c
    join place p on p.sink_id = c.sink_id
    cross join lateral (
      select min(b.low) as low from bounded b where b.after_tick in (p.tick_from, p.goes_on_at)) l
    cross join lateral (
      select count(*) as events
      from rowhook.ids_ahead(p.sink_id, array(
        select m.event_id from rowhook.batch b cross join unnest(b.event_ids) m(event_id)
        where b.stream_id = p.stream_id and m.event_id > l.low
        union
        select h.event_id from rowhook.held h where h.stream_id = p.stream_id and h.event_id > l.low
        union
        select d.event_id from rowhook.discarded d
        where d.sink_id = p.sink_id and d.event_id > l.low and d.replay_id is null))) a
  )
  select c.sink_id, greatest(c.events - coalesce(x.events, 0), 0)::bigint, c.oldest
  from counted c
  left join elsewhere x on x.sink_id = c.sink_id
  where c.events > coalesce(x.events, 0)
$$;
