-- rowhook.estimate_replay(replay): how many messages a replay will send, about: counted over the first 2,000
-- events, and by that rate over the rest of the ids. Null where its filter is not compiled yet.
create or replace function rowhook.estimate_replay(p_replay rowhook.replay) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_begin  bigint := rowhook.replay_begin(p_replay);
  v_part   record;
begin
  if p_replay.filter_text is not null and p_replay.filter_parts is null then
    return null;
  end if;
  select count(*) as seen, count(*) filter (where v.verdict = 'wanted') as wanted, max(v.event_id) as last,
         sum(v.size) as bytes
  into v_part
  from rowhook.replay_verdicts(p_replay, v_begin, 2000, 16 * 1024 * 1024) v;
  if v_part.seen < 2000 and coalesce(v_part.bytes, 0) < 16 * 1024 * 1024 then
    return v_part.wanted;
  end if;
  return round(v_part.wanted::numeric * (p_replay.until_id - v_begin) / (v_part.last - v_begin));
end
$$;
