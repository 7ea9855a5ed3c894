-- rowhook.complete_replay(stream, replay, last id, replayed): notes a replay's progress, and completes it
-- when it has read its window and nothing of it is failing or held. Called by rowhook.save_stream.
-- Writes replay.
create or replace function rowhook.complete_replay(
  p_stream bigint, p_replay uuid, p_last bigint, p_replayed bigint) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  update rowhook.replay r
  set rows_done = coalesce(p_replayed, r.rows_done),
      rows_total = case when d.done then coalesce(p_replayed, r.rows_done)
        else greatest(r.rows_total, coalesce(p_replayed, r.rows_done)) end,
      state = case when d.done then 'completed' else r.state end,
      completed_at = case when d.done then rowhook.now() end,
      updated_at = rowhook.now()
  from (
    select p_last >= o.until_id
           and not exists (select from rowhook.batch b where b.stream_id = p_stream)
           and not exists (select from rowhook.held h where h.stream_id = p_stream) as done
    from rowhook.replay o where o.id = p_replay) d
  where r.id = p_replay and r.state in ('active', 'paused') and (d.done or p_replayed is not null)
$$;
