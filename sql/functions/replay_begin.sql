-- rowhook.replay_begin(replay): the event id behind which a replay begins to read.
create or replace function rowhook.replay_begin(p_replay rowhook.replay) returns bigint
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select least(
    greatest(
      coalesce(p_replay.since_id - 1, 0),
      case when p_replay.since is null then 0 else rowhook.event_id_at(p_replay.since, p_replay.source_ids) - 1 end),
    p_replay.until_id)
$$;
