-- rowhook.load_stream(stream): what a run needs to begin where the last one ended, as one document:
--   {"batches": [{id, event_ids, member_failures, groups, attempt, wait_ms|null, error}],
--    "held": [{event_id, groups, failures}],   in the order in which they must go out
--    "barred": [event_id]}   of those, what stands in its table's own group only because of a truncate that was
--                            before it (src/deliver/barrier.ts)
-- Reads only.
create or replace function rowhook.load_stream(p_stream bigint) returns json
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select json_build_object(
    'batches', coalesce((
      select json_agg(json_build_object(
        'id', b.id, 'event_ids', b.event_ids, 'member_failures', b.member_failures,
        'groups', b.groups, 'attempt', b.attempt,
        'wait_ms', extract(epoch from b.next_at - rowhook.now()) * 1000, 'error', b.last_error)
        order by b.created_at, b.id)
      from rowhook.batch b where b.stream_id = p_stream), '[]'),
    'held', coalesce((
      select json_agg(json_build_object(
        'event_id', h.event_id, 'groups', h.groups, 'failures', h.failures) order by h.seq)
      from rowhook.held h where h.stream_id = p_stream), '[]'),
    'barred', coalesce((
      select json_agg(e.id)
      from rowhook.find_events(array(
        select h.event_id from rowhook.held h
        where h.stream_id = p_stream and cardinality(h.groups) > 1 and h.groups[cardinality(h.groups)] ~ '^[0-9]+$'
        union all
        select unnest(b.event_ids) from rowhook.batch b
        where b.stream_id = p_stream and exists (select from unnest(b.groups) g where g ~ '^[0-9]+$'))) e
      -- without a key, this group is its own
      where e.action <> 't' and e.pks <> '{}'), '[]'))
$$;
