-- rowhook.save_positions(…): what rowhook.save_stream does for streams that have nothing to say but their
-- position, for many of them at once; the arrays have a place for each stream. Returns the streams that were
-- saved. For the others nothing is known yet: ask rowhook.save_stream.
-- Writes stream only, and of each row just if its token still is the stream's. A row that another transaction
-- holds is passed over, so that a sink that somebody is editing keeps no other sink's position from being saved.
create or replace function rowhook.save_positions(
  p_streams bigint[], p_tokens bigint[], p_saves bigint[], p_from bigint[], p_to bigint[], p_last bigint[],
  p_delivered bigint[])
returns setof bigint
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with taken as materialized (
    select st.id, p.save, p.tick_from, p.tick_to, p.last_id, p.delivered
    from unnest(p_streams, p_tokens, p_saves, p_from, p_to, p_last, p_delivered)
      p(stream_id, token, save, tick_from, tick_to, last_id, delivered)
    join rowhook.stream st on st.id = p.stream_id and st.token = p.token
    where st.owner is not null and st.replay_id is null and st.save <= p.save
      and exists (select from rowhook.tick k where k.id = p.tick_to)
    for no key update of st skip locked
  )
  update rowhook.stream st
  set save = t.save,
      tick_from = t.tick_from,
      tick_to = t.tick_to,
      last_id = t.last_id,
      delivered = t.delivered,
      last_delivered_at =
        case when t.delivered > st.delivered then rowhook.now() else st.last_delivered_at end,
      updated_at = rowhook.now()
  from taken t
  where st.id = t.id
  returning st.id
$$;
