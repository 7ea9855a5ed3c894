-- rowhook.pulse(known tick): takes a tick if there is news, and says what it means for delivery:
--   tick_id  the newest tick
--   due      sinks with something to read since the known tick (all of them if it is unknown)
--   orphans  live streams of due, active sinks that no dispatcher runs
--   news     how many ids of events were handed out between the two ticks; null: the known tick is lost
-- Writes rowhook.tick only. Called every few milliseconds while events flow.
create or replace function rowhook.pulse(
  p_known bigint, out tick_id bigint, out due int[], out orphans bigint[], out news bigint)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_taken  record;
  v_known  rowhook.tick;
  v_new    rowhook.tick;
begin
  select * into v_taken from rowhook.take_tick() t;
  tick_id := v_taken.tick_id;
  due := '{}';
  news := 0;
  if tick_id is distinct from p_known then
    select * into v_known from rowhook.tick t where t.id = p_known;
    select * into v_new from rowhook.tick t where t.id = pulse.tick_id;
    if v_known.id is null then
      due := coalesce((select array_agg(s.id) from rowhook.sink s), '{}');
      if p_known is not null then
        news := null;
      end if;
    elsif v_new.id > v_known.id then
      due := case when v_taken.since = p_known then v_taken.due
        else rowhook.due_sinks(v_known, v_new.snapshot, v_new.high) end;
      news := v_new.high - v_known.high;
    end if;
  end if;
  orphans := '{}';
  if due <> '{}' then
    orphans := coalesce((
      select array_agg(st.id)
      from rowhook.stream st
      join rowhook.sink s on s.id = st.sink_id
      where st.replay_id is null and st.owner is null
        and s.status = 'active' and s.id = any(due)), '{}');
  end if;
end
$$;
