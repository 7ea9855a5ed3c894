-- rowhook.count_replay(sink, options): how many messages such a replay would send now: a dry run. Takes as
-- long as the replay's reading does; a filter must come with its filter_parts. Raises what
-- rowhook.prepare_replay raises. Reads only.
create or replace function rowhook.count_replay(p_sink int, p_options jsonb) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_replay  rowhook.replay := rowhook.prepare_replay(p_sink, p_options);
  v_after   bigint := rowhook.replay_begin(v_replay);
  v_count   bigint := 0;
  v_part    record;
begin
  if v_replay.filter_text is not null and v_replay.filter_parts is null then
    raise exception using errcode = 'invalid_parameter_value', column = 'filter',
      message = 'a filter must be compiled to be counted by',
      hint = 'POST /api/sinks/:sink/replays with dry_run does it';
  end if;
  loop
    select count(*) as seen, count(*) filter (where v.verdict = 'wanted') as wanted, max(v.event_id) as last,
           coalesce(sum(v.size), 0) as bytes
    into v_part
    from rowhook.replay_verdicts(v_replay, v_after, 5000, 16 * 1024 * 1024) v;
    v_count := v_count + v_part.wanted;
    exit when v_part.seen < 5000 and v_part.bytes < 16 * 1024 * 1024;
    v_after := v_part.last;
  end loop;
  return v_count;
end
$$;
