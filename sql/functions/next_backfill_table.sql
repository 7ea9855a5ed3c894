-- rowhook.next_backfill_table(sink, done): what a sink's run is to read next for an active backfill; no
-- row when there is nothing. p_done: rows of backfill_table that the run has read to their end
-- already, though that may not be saved yet. Reads only.
--   to_compile  the text of its own filter, which no dispatcher has compiled yet; null: none
create or replace function rowhook.next_backfill_table(p_sink int, p_done bigint[])
returns table (
  id bigint, backfill_id uuid, source_id int, relid oid, cursor text[], rows_done bigint, chunk_size int,
  to_compile text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select t.id, b.id, t.source_id, s.relid, t.cursor, t.rows_done, t.chunk_size,
         case when t.where_parts is null then t.where_text end
  from rowhook.backfill b
  join rowhook.backfill_table t on t.backfill_id = b.id and not t.done and t.id <> all (p_done)
  join rowhook.source s on s.id = t.source_id
  where b.sink_id = p_sink and b.state = 'active'
  order by b.created_at, b.id, t.ordinal
  limit 1
$$;
