-- rowhook.ids_ahead(sink, ids): which of these event ids lie ahead of the position of the sink's live stream: stored,
-- and to be read from the log yet. None that is not in the log, and no backfilled row, which no window brings.
-- For any number of them: each is a step in the log's index and no more. Reads only.
create or replace function rowhook.ids_ahead(p_sink int, p_ids bigint[]) returns setof bigint
language sql stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
  select e.id
  from rowhook.positions(array[p_sink]) p
  cross join rowhook.all_tables(p_sink) s(source_id)
  join rowhook.event e on e.source_id = s.source_id and e.id = any (p_ids)
  where e.action <> 'r'
    and not rowhook.is_settled(e.id, e.xid, p.from_snapshot, p.to_snapshot, p.last_id, p.floor, p.ceiling)
$$;
