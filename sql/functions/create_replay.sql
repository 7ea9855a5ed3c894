-- rowhook.create_replay(sink, options): starts a replay and returns its id: a second stream of the sink,
-- which runs beside the live one. See rowhook.prepare_replay for the options and what bad ones raise.
-- Writes replay, stream.
create or replace function rowhook.create_replay(p_sink int, p_options jsonb) returns uuid
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_replay  rowhook.replay := rowhook.prepare_replay(p_sink, p_options);
  v_tick    bigint;
begin
  insert into rowhook.replay (
    sink_id, since, until, since_id, until_id, table_name, source_ids, filter_text, filter_parts, rows_total)
  values (
    p_sink, v_replay.since, v_replay.until, v_replay.since_id, v_replay.until_id, v_replay.table_name,
    v_replay.source_ids, v_replay.filter_text, v_replay.filter_parts, rowhook.estimate_replay(v_replay))
  returning id into v_replay.id;
  -- of its position only last_id counts: a replay reads by id, not by windows
  select t.id into v_tick from rowhook.tick t order by t.id desc limit 1;
  insert into rowhook.stream (sink_id, replay_id, tick_from, tick_to, last_id)
  values (p_sink, v_replay.id, coalesce(v_tick, 0), coalesce(v_tick, 0), rowhook.replay_begin(v_replay));
  perform pg_catalog.pg_notify('rowhook_wake', 'config');
  return v_replay.id;
end
$$;
