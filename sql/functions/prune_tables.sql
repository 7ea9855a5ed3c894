-- rowhook.prune_tables(): deletes what is over in the small tables, so that none grows for ever:
--   idempotency      after a day
--   audit            after a year
--   activity         after two days
--   replay, backfill 90 days after they ended; the stream of a replay that ended, at once
--   dispatcher       a day after its last sign of life (others take its leases within seconds)
--   Graphile's jobs  a week after their last attempt has failed
-- Discarded messages stay until a person decides: they are what guarantees that nothing is lost.
create or replace function rowhook.prune_tables() returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now  timestamptz := rowhook.now();
begin
  delete from rowhook.idempotency i where i.created_at < v_now - interval '1 day';
  delete from rowhook.activity a where a.at < v_now - interval '2 days';
  delete from rowhook.audit a where a.at < v_now - interval '1 year';
  delete from rowhook.stream st
  using rowhook.replay r
  where r.id = st.replay_id and st.owner is null and r.state in ('completed', 'cancelled');
  delete from rowhook.replay r
  where r.state in ('completed', 'cancelled', 'failed') and r.updated_at < v_now - interval '90 days';
  delete from rowhook.backfill b
  where b.state in ('completed', 'cancelled', 'failed') and b.updated_at < v_now - interval '90 days';
  delete from rowhook.dispatcher d where d.beat_at < v_now - interval '1 day';
  perform rowhook_worker.complete_jobs(array_agg(j.id))
  from rowhook_worker.jobs j
  where j.attempts >= j.max_attempts and j.locked_at is null and j.updated_at < v_now - interval '7 days'
  having count(*) > 0;
end
$$;
