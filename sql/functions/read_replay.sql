-- rowhook.read_replay(replay, after, limit, bytes): the next events of a replay's window, in id order, in the
-- shape of rowhook.read_window, with their verdicts (rowhook.replay_verdicts); one that is not wanted comes
-- without its documents. Fewer rows than p_limit and less than p_bytes in all: the window is read.
-- Reads only. A partition that was never analyzed tempts the planner to fetch all that is left and to sort it,
-- for each chunk anew; the index has the order, so the other ways are off.
create or replace function rowhook.read_replay(p_replay uuid, p_after bigint, p_limit int, p_bytes bigint)
returns table (
  event_id bigint, source_id int, action "char", grp text, old_grp text, pks text[], old_pks text[],
  captured_at timestamptz, xid xid8, record json, changes json, annotations text,
  undecided boolean, size int, verdict text, error text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set enable_bitmapscan = off
set enable_seqscan = off
set enable_sort = off
set jit = off
as $$
declare
  v_replay  rowhook.replay;
  v_lows    bigint[];
  v_found   record;
begin
  select * into strict v_replay from rowhook.replay r where r.id = p_replay;

  if not exists (
    select from rowhook.sink_table t
    where t.sink_id = v_replay.sink_id and t.source_id = any (v_replay.source_ids)
      and not rowhook.is_plain(t, v_replay.filter_parts -> t.source_id::text))
  then
    -- the way of most replays: one look at each event, part by part
    v_lows := rowhook.scan_parts(p_after, v_replay.until_id, p_limit, cardinality(v_replay.source_ids));
    return query
      select b.id, b.source_id, b.action, null::text, null::text, b.pks, (b.extra).old_pks, b.captured_at, b.xid,
             case when b.wanted then b.record end, case when b.wanted then b.changes end, (b.extra).annotations,
             false, b.size, case when b.wanted then 'wanted' else 'unwanted' end, null::text
      from (
        select e.*, sum(e.size) over (order by e.part, e.id) - e.size as before,
               e.action::text = any (e.actions)
                 and (e.action <> 'u' or e.unchanged or e.changes::text <> '{}') as wanted
        from (
          select r.part, s.unchanged, s.actions, e.*
          from unnest(v_lows, v_lows[2:] || v_replay.until_id) with ordinality r(low, high, part)
          cross join (
            select i.id, t.unchanged, array(select left(a, 1) from unnest(rowhook.wanted_actions(t)) a) as actions
            from unnest(v_replay.source_ids) i(id)
            left join rowhook.sink_table t on t.sink_id = v_replay.sink_id and t.source_id = i.id
            offset 0) s
          cross join lateral (
            select e.*,
                   coalesce(pg_catalog.pg_column_size(e.record), 0)
                     + coalesce(pg_catalog.pg_column_size(e.changes), 0) as size
            from rowhook.event e
            where e.source_id = s.id
              and e.id > r.low
              and e.id <= r.high
              and e.captured_at >= coalesce(v_replay.since, '-infinity')
              and e.captured_at < v_replay.until
              and e.action <> 'r'
            order by e.id
            limit p_limit) e
          order by r.part, e.id
          limit p_limit) e
      ) b
      where b.before < p_bytes
      order by b.id;
    return;
  end if;

  select array_agg(v.event_id) as ids, array_agg(v.verdict) as verdicts, array_agg(v.grp) as groups,
         array_agg(v.old_grp) as old_groups, array_agg(v.error) as errors, min(v.event_id) as first, max(v.event_id) as last
  into v_found
  from rowhook.replay_verdicts(v_replay, p_after, p_limit, p_bytes) v;
  return query
    select e.id, e.source_id, e.action, v.grp, v.old_grp, e.pks, (e.extra).old_pks, e.captured_at, e.xid,
           case when v.verdict <> 'unwanted' then e.record end,
           case when v.verdict <> 'unwanted' then e.changes end, (e.extra).annotations, false,
           coalesce(pg_catalog.pg_column_size(e.record), 0)
             + coalesce(pg_catalog.pg_column_size(e.changes), 0),
           v.verdict, v.error
    from unnest(v_found.ids, v_found.verdicts, v_found.groups, v_found.old_groups, v_found.errors)
      v(id, verdict, grp, old_grp, error)
    join rowhook.event e on e.source_id = any (v_replay.source_ids)
      and e.id = v.id and e.id between v_found.first and v_found.last
      and e.captured_at >= coalesce(v_replay.since, '-infinity') and e.captured_at < v_replay.until
    order by e.id;
end
$$;
