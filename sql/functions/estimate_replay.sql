-- rowhook.estimate_replay(replay): how many messages a replay will send, about: counted over the first 2,000
-- events, and by that rate over the rest of the ids. Null where its filter is not compiled yet.
create or replace function rowhook.estimate_replay(p_replay rowhook.replay) returns bigint
language plpgsql volatile
set search_path = ''
as $$
declare
  v_begin  bigint := rowhook.replay_begin(p_replay);
  v_part   record;
begin
  if p_replay.filter_text is not null and p_replay.filter_parts is null then
    return null;
  end if;
  select count(*) filter (where v.verdict = 'wanted') as wanted,
         max(v.event_id) filter (where v.verdict = 'end') as looked_at
  into v_part
  from rowhook.replay_verdicts(p_replay, v_begin, 2000, 16 * 1024 * 1024) v;
  if v_part.looked_at <= v_begin then
    return v_part.wanted;
  end if;
  return round(v_part.wanted::numeric * (p_replay.until_id - v_begin) / (v_part.looked_at - v_begin));
end
$$;
