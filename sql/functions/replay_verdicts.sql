-- rowhook.replay_verdicts(replay, after, limit, bytes): looks at the next events of a replay's window behind
-- id p_after, p_limit of them and p_bytes of stored payload at most, and says of each whether the sink
-- wants it now, by its tables, actions and filters as they are today and the replay's own filter:
--   verdict  wanted | unwanted | error (see `error`) | stale (its table waits for an edit of the sink)
--   grp, old_grp  as in rowhook.event
-- In id order. Fewer rows than p_limit and less than p_bytes in all: nothing is left. What is not
-- committed yet is not there for a replay, as it is not for any reader: it goes out live.
create or replace function rowhook.replay_verdicts(
  p_replay rowhook.replay, p_after bigint, p_limit int, p_bytes bigint)
returns table (event_id bigint, source_id int, size int, verdict text, grp text, old_grp text, error text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set enable_bitmapscan = off
set enable_seqscan = off
set enable_sort = off
set jit = off
as $$
declare
  v_found  record;
  v_lows   bigint[] := rowhook.scan_parts(
    p_after, p_replay.until_id, p_limit, cardinality(p_replay.source_ids));
begin
  select array_agg(b.id order by b.id) as ids, array_agg(b.source_id order by b.id) as sources,
         array_agg(b.size order by b.id) as sizes
  into v_found
  from (
    select e.id, e.source_id, e.size, sum(e.size) over (order by e.part, e.id) - e.size as before
    from (
      select r.part, e.*
      from unnest(v_lows, v_lows[2:] || p_replay.until_id) with ordinality r(low, high, part)
      cross join unnest(p_replay.source_ids) s(id)
      cross join lateral (
        select e.id, e.source_id,
               coalesce(pg_catalog.pg_column_size(e.record), 0)
                 + coalesce(pg_catalog.pg_column_size(e.changes), 0) as size
        from rowhook.event e
        where e.source_id = s.id
          and e.id > r.low
          and e.id <= r.high
          and e.captured_at >= coalesce(p_replay.since, '-infinity')
          and e.captured_at < p_replay.until
          and e.action <> 'r'
        order by e.id
        limit p_limit) e
      order by r.part, e.id
      limit p_limit) e
  ) b
  where b.before < p_bytes;

  return query
    with entry as materialized (
      select t.source_id as source, rowhook.is_plain(t, p_replay.filter_parts -> t.source_id::text) as plain,
             p_replay.filter_parts -> t.source_id::text as extra,
             t.unchanged,
             array(select left(a, 1) from unnest(rowhook.wanted_actions(t)) a) as actions,
             array(select i.id from unnest(v_found.ids, v_found.sources) i(id, source) where i.source = t.source_id) as ids
      from rowhook.sink_table t
      where t.sink_id = p_replay.sink_id and t.source_id = any (p_replay.source_ids)
    ),
    judged as (
      select e.id,
             case when e.action::text = any (n.actions) and (e.action <> 'u' or n.unchanged or e.changes::text <> '{}')
               then 'wanted' else 'unwanted' end as verdict,
             null as grp, null as old_grp, null as error
      from entry n
      join rowhook.event e on e.source_id = n.source
        and e.id between v_found.ids[1] and v_found.ids[cardinality(v_found.ids)]
        and e.captured_at >= coalesce(p_replay.since, '-infinity') and e.captured_at < p_replay.until
      where n.plain
      union all
      select d.event_id,
             case when n.extra is null or d.verdict not in ('wanted', 'error') then d.verdict
                  when d.error is not null or x.error is not null then 'error'
                  when x.wanted then 'wanted'
                  else 'unwanted' end,
             d.grp, d.old_grp, coalesce(d.error, x.error)
      from entry n
      cross join lateral rowhook.decide(p_replay.sink_id, n.ids, n.source) d
      left join lateral rowhook.judge(n.source, n.ids, n.extra) x on n.extra is not null and x.event_id = d.event_id
      where not n.plain and n.ids <> '{}'
    )
    select i.id, i.source, i.size, coalesce(j.verdict, 'unwanted'), j.grp, j.old_grp, j.error
    from unnest(v_found.ids, v_found.sources, v_found.sizes) i(id, source, size)
    left join judged j on j.id = i.id
    order by i.id;
end
$$;
