-- rowhook.read_window(…): the next events that a sink wants of the window (from, to], in id order,
-- behind id `p_after`: at most `p_limit`, and no more than about `p_bytes` of stored payload (one
-- event at least). Fewer rows than `p_limit` and less than `p_bytes` in all: the window is read.
-- Reads rowhook.event through its index (source_id, id); writes nothing.
--   grp, old_grp  null: by key
--   undecided     the verdict is still to be made (rowhook.decide)
-- Events that were discarded while they lay ahead of the position are passed over, unless it was a replay that
-- did; that costs a look-up for each event only while there are any behind the start of the scan.
-- Raises where the sink has a table that is not among p_sources: it was added since the run began, and its changes
-- would be passed over. The run is about to begin anew with it.
-- The plan is the same for every window, and made once: made anew for each, as the planner would like to for
-- its guess of how many rows a window has, it costs ten times what a small window's reading does.
-- The order by names e.id: an output column of that name would sort by it instead, as text.
create or replace function rowhook.read_window(
  p_sink int, p_sources int[], p_from bigint, p_to bigint, p_after bigint, p_limit int, p_bytes bigint)
returns table (
  event_id bigint, source_id int, action "char", grp text, old_grp text, pks text[], old_pks text[],
  captured_at timestamptz, xid xid8, record json, changes json, annotations text,
  undecided boolean, size int)
language plpgsql stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_bitmapscan = off
set enable_seqscan = off
set jit = off
as $$
declare
  v_from  rowhook.tick;
  v_to    rowhook.tick;
  v_low   bigint;
  v_skip  boolean;
begin
  if exists (select from rowhook.sink_table t where t.sink_id = p_sink and t.source_id <> all (p_sources)) then
    raise exception using
      errcode = 'RH001',
      message = 'the sink has other tables than its run was begun with';
  end if;
  select * into strict v_from from rowhook.tick t where t.id = p_from;
  select * into strict v_to from rowhook.tick t where t.id = p_to;
  v_low := greatest(rowhook.window_low(v_from, v_to.snapshot), p_after);
  if v_low >= v_to.high then
    return;
  end if;
  v_skip := exists (select from rowhook.discarded d where d.sink_id = p_sink and d.event_id > v_low and d.replay_id is null);
  if cardinality(p_sources) > 2 then
    return query
      select * from rowhook.read_window_of_many(
        p_sink, p_sources, v_from, v_to, v_low, v_skip, p_limit, p_bytes);
    return;
  end if;
  return query
    select b.id, b.source_id, b.action,
           b.groups[b.at], (b.extra).old_groups[b.at],
           b.pks, (b.extra).old_pks, b.captured_at, b.xid, b.record, b.changes, (b.extra).annotations,
           b.at is null, b.size
    from (
      select e.*,
             array_position(e.sinks, p_sink) as at,
             sum(e.size) over (order by e.id) - e.size as before
      from unnest(p_sources) as s(id)
      cross join lateral (
        select e.*,
               coalesce(pg_catalog.pg_column_size(e.record), 0)
                 + coalesce(pg_catalog.pg_column_size(e.changes), 0) as size
        from rowhook.event e
        where e.source_id = s.id
          and e.id > v_low
          and e.id <= v_to.high
          and e.action <> 'r'
          and (p_sink = any(e.sinks) or p_sink = any ((e.extra).undecided))
          and pg_catalog.pg_visible_in_snapshot(e.xid, v_to.snapshot)
          and not pg_catalog.pg_visible_in_snapshot(e.xid, v_from.snapshot)
          and not (v_skip and exists (
            select from rowhook.discarded d where d.sink_id = p_sink and d.event_id = e.id and d.replay_id is null))
        order by e.id
        limit p_limit) e
      order by e.id
      limit p_limit) b
    where b.before < p_bytes
    order by b.id;
end
$$;
