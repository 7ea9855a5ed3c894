-- rowhook.read_tail(…): what rowhook.read_window returns of the windows (from, to] of several sinks, read at once and
-- whole: with many sinks of the same few tables, reading the last few events for each of them would be most of the
-- database's work. `p_sinks` and `p_froms` have a place for each window.
-- The first row has no event: its `sinks` are those that the answer is for. The others read for themselves: those
-- that exclude columns or have tables that are not asked for, and all of them when more than about `p_limit` events or
-- `p_bytes` of stored payload would be read, or of long ago. Then each event that any of them wants, once, with a
-- place for each that does:
--   sinks       who
--   groups, old_groups  null: by key
--   undecided   the verdict is still to be made (rowhook.decide)
-- Reads rowhook.event through its index (source_id, id); writes nothing.
create or replace function rowhook.read_tail(
  p_sinks int[], p_froms bigint[], p_to bigint, p_sources int[], p_limit int, p_bytes bigint)
returns table (
  event_id bigint, source_id int, action "char", pks text[], old_pks text[],
  captured_at timestamptz, xid xid8, record json, changes json, annotations text, size int,
  sinks int[], groups text[], old_groups text[], undecided boolean[])
language plpgsql stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_bitmapscan = off
set enable_seqscan = off
set jit = off
as $$
declare
  v_to         rowhook.tick;
  v_low        bigint;
  v_since      timestamptz;
  v_sinks      int[];
  v_snapshots  pg_snapshot[];
  v_skip       boolean;
  v_count      int;
begin
  select * into strict v_to from rowhook.tick t where t.id = p_to;
  select array_agg(w.sink_id), array_agg(t.snapshot), min(rowhook.window_low(t, v_to.snapshot)), min(t.at)
  into v_sinks, v_snapshots, v_low, v_since
  from unnest(p_sinks, p_froms) w(sink_id, tick_id)
  join rowhook.tick t on t.id = w.tick_id
  where not exists (
      select from rowhook.sink_table x
      where x.sink_id = w.sink_id and (x.exclude_columns <> '{}' or x.source_id <> all (p_sources)))
    and not exists (select from rowhook.former_table x where x.sink_id = w.sink_id and x.exclude_columns <> '{}');

  -- Most ids in between may be of other tables; but that is not known before they are looked at.
  -- And who reads where partitions are trimmed has to lock them before its snapshot is taken, as a statement does that
  -- names the log besides calling read_window: one that is being trimmed would look empty.
  if v_sinks is null or v_to.high - v_low > 20 * p_limit or v_since < v_to.at - interval '1 hour' then
    return query select null::bigint, null::int, null::"char", null::text[], null::text[], null::timestamptz, null::xid8,
      null::json, null::json, null::text, null::int, '{}'::int[], null::text[], null::text[], null::boolean[];
    return;
  end if;
  v_skip := exists (
    select from rowhook.discarded d where d.sink_id = any (v_sinks) and d.event_id > v_low and d.replay_id is null);

  return query
    with wanted as materialized (
      select e.*, w.wanted_by, w.groups_of, w.old_groups_of, w.is_undecided
      from unnest(p_sources) s(id)
      cross join lateral (
        select e.*,
               coalesce(pg_catalog.pg_column_size(e.record), 0)
                 + coalesce(pg_catalog.pg_column_size(e.changes), 0) as size
        from rowhook.event e
        where e.source_id = s.id
          and e.id > v_low
          and e.id <= v_to.high
          and e.action <> 'r'
          and (e.sinks && v_sinks or (e.extra).undecided && v_sinks)
          and pg_catalog.pg_visible_in_snapshot(e.xid, v_to.snapshot)
        order by e.id
        limit p_limit) e
      cross join lateral (
        select array_agg(q.sink_id) as wanted_by, array_agg(e.groups[q.at]) as groups_of,
               array_agg((e.extra).old_groups[q.at]) as old_groups_of, array_agg(q.at is null) as is_undecided
        from (
          select v.sink_id, v.snapshot, array_position(e.sinks, v.sink_id) as at
          from unnest(v_sinks, v_snapshots) v(sink_id, snapshot)) q
        where (q.at is not null or q.sink_id = any ((e.extra).undecided))
          and not pg_catalog.pg_visible_in_snapshot(e.xid, q.snapshot)
          and not (v_skip and exists (
            select from rowhook.discarded d
            where d.sink_id = q.sink_id and d.event_id = e.id and d.replay_id is null))) w
    ), fits as (
      select count(*) < p_limit and coalesce(sum(w.size), 0) < p_bytes as all_of_it from wanted w
    )
    select null, null, null, null, null, null, null, null, null, null, null,
           case when f.all_of_it then v_sinks else '{}' end, null, null, null
    from fits f
    union all
    (select w.id, w.source_id, w.action, w.pks, (w.extra).old_pks, w.captured_at, w.xid, w.record, w.changes,
           (w.extra).annotations, w.size, w.wanted_by, w.groups_of, w.old_groups_of, w.is_undecided
    from wanted w, fits f
    where f.all_of_it and w.wanted_by is not null);
end
$$;
