-- rowhook.lagging_streams(): where each reader of the log stands, whatever its sink's status: no event up to
-- `low` is of use to it any more, and of those above, those for which `unread`, a SQL condition over the
-- alias e, is true. Live streams, and replays that are active or paused. Reads only.
-- What an open transaction has written is in no snapshot of ours; its locks keep it from being dropped.
create or replace function rowhook.lagging_streams()
returns table (stream_id bigint, sink_id int, sources int[], low bigint, unread text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select p.stream_id, p.sink_id,
         array(select t.source_id from rowhook.read_tables(array[p.sink_id]) t),
         rowhook.window_low(f, '9223372036854775806:9223372036854775806:'::pg_snapshot),
         format('not rowhook.is_settled(e.id, e.xid, %L, %L, %s, %s, %s)',
           p.from_snapshot, p.to_snapshot, p.last_id, p.floor, p.ceiling)
  from rowhook.positions(array(select s.id from rowhook.sink s)) p
  join rowhook.tick f on f.id = p.from_tick
  union all
  select st.id, st.sink_id, r.source_ids, st.last_id, 'true'
  from rowhook.stream st
  join rowhook.replay r on r.id = st.replay_id
  where r.state in ('active', 'paused')
$$;
