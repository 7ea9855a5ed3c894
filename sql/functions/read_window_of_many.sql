-- rowhook.read_window_of_many(…): what rowhook.read_window returns, for a sink with many tables: the events
-- above id `p_low` that became visible between two ticks.
-- It goes through the window in parts (rowhook.scan_parts). The sort by part and id takes one part after the other
-- (it is an incremental one), and what lies behind is not looked at; the settings keep the planner from other
-- ways, which fetch all of the window.
-- Reads rowhook.event through its index (source_id, id); writes nothing.
create or replace function rowhook.read_window_of_many(
  p_sink int, p_sources int[], p_from rowhook.tick, p_to rowhook.tick, p_low bigint, p_skip boolean,
  p_limit int, p_bytes bigint)
returns table (
  event_id bigint, source_id int, action "char", grp text, old_grp text, pks text[], old_pks text[],
  captured_at timestamptz, xid xid8, record json, changes json, annotations text,
  undecided boolean, size int)
language plpgsql stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_bitmapscan = off
set enable_seqscan = off
set enable_sort = off
set enable_incremental_sort = on
set jit = off
as $$
declare
  v_lows  bigint[] := rowhook.scan_parts(p_low, p_to.high, p_limit, cardinality(p_sources));
begin
  return query
    select b.id, b.source_id, b.action,
           b.groups[b.at], (b.extra).old_groups[b.at],
           b.pks, (b.extra).old_pks, b.captured_at, b.xid, b.record, b.changes, (b.extra).annotations,
           b.at is null, b.size
    from (
      select e.*,
             array_position(e.sinks, p_sink) as at,
             sum(e.size) over (order by e.part, e.id) - e.size as before
      from (
        select r.part, e.*
        from unnest(v_lows, v_lows[2:] || p_to.high) with ordinality r(low, high, part)
        cross join unnest(p_sources) s(id)
        cross join lateral (
          select e.*,
                 coalesce(pg_catalog.pg_column_size(e.record), 0)
                   + coalesce(pg_catalog.pg_column_size(e.changes), 0) as size
          from rowhook.event e
          where e.source_id = s.id
            and e.id > r.low
            and e.id <= r.high
            and e.action <> 'r'
            and (p_sink = any(e.sinks) or p_sink = any ((e.extra).undecided))
            and pg_catalog.pg_visible_in_snapshot(e.xid, p_to.snapshot)
            and not pg_catalog.pg_visible_in_snapshot(e.xid, p_from.snapshot)
            and not (p_skip and exists (
              select from rowhook.discarded d where d.sink_id = p_sink and d.event_id = e.id and d.replay_id is null))
          order by e.id
          limit p_limit) e
        order by r.part, e.id
        limit p_limit) e
      ) b
    where b.before < p_bytes
    order by b.id;
end
$$;
