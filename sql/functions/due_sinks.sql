-- rowhook.due_sinks(tick, snapshot, high): the sinks that want at least one event that is visible
-- in the snapshot and was not at the tick; '{}' when there is none. Reads only rowhook.event.
-- Looks at no more than 1,000 events of a source: of a longer window it names every sink of it.
create or replace function rowhook.due_sinks(p_from rowhook.tick, p_to pg_snapshot, p_high bigint)
returns int[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_low bigint := rowhook.window_low(p_from, p_to);
begin
  if v_low >= p_high then
    return '{}';
  end if;
  return coalesce((
    select array_agg(distinct k.sink_id)
    from rowhook.source s
    cross join lateral (
      select array_agg(distinct w.sink_id) filter (where w.sink_id is not null) as sinks, max(g.seen) as seen
      from (
        -- summed by the set of sinks that want them before that set is taken apart: there are few such sets
        select e.sinks, e.undecided, sum(count(*)) over () as seen
        from (
          select e.sinks, (e.extra).undecided
          from rowhook.event e
          where e.source_id = s.id
            and e.id > v_low
            and e.id <= p_high
            and e.action <> 'r'
            and pg_catalog.pg_visible_in_snapshot(e.xid, p_to)
            and not pg_catalog.pg_visible_in_snapshot(e.xid, p_from.snapshot)
          order by e.source_id, e.id
          limit 1000) e
        group by e.sinks, e.undecided) g
      -- outer, for what no sink wants (the history of a table is kept) counts as seen
      left join lateral (
        select unnest(g.sinks) as sink_id
        union all
        select unnest(g.undecided)) w on true) d
    cross join lateral (
      select unnest(d.sinks) as sink_id
      union all
      select t.sink_id
      from rowhook.sink_table t
      where d.seen >= 1000 and t.source_id = s.id
      union all
      select f.sink_id
      from rowhook.former_table f
      where d.seen >= 1000 and f.source_id = s.id) k), '{}');
end
$$;
