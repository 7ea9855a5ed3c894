-- rowhook.apply_commands(sink): does what rowhook.redeliver and rowhook.discard have queued for a sink,
-- in the order in which it was asked for. Returns how many messages it applied to. Of those that were asked for by
-- their state, those that were delivered before the run was stopped are not sent again.
-- If a dispatcher runs the sink's live stream, only that dispatcher may call it, with its id and after it
-- has stopped the run: what a run holds in memory must not be changed under it. Anybody else, a
-- dispatcher that lost the lease meanwhile included, changes nothing, and the queue stays as it is.
-- Writes what rowhook.redeliver_messages and rowhook.discard_messages write, and command.
create or replace function rowhook.apply_commands(p_sink int, p_owner uuid default null) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_stream  rowhook.stream;
  v_count   bigint := 0;
  v_step    record;
begin
  -- before the stream's row, as everywhere (rowhook.save_stream)
  perform from rowhook.sink s where s.id = p_sink for key share;
  select * into v_stream
  from rowhook.stream st
  where st.sink_id = p_sink and st.replay_id is null
  for update;
  if not found or v_stream.owner is distinct from p_owner then
    return 0;
  end if;
  for v_step in
    with taken as (
      delete from rowhook.command c where c.sink_id = p_sink returning c.*
    ),
    meant as (
      select t.*
      from taken t
      where t.kind <> 'redeliver'
         or coalesce(t.state, 'delivered') = 'delivered'
         or exists (select from rowhook.discarded d where d.sink_id = p_sink and d.event_id = t.event_id)
         or t.event_id in (select m.event_id from rowhook.message_marks(p_sink) m)
    ),
    turn as (
      select t.*, row_number() over (order by t.id) - row_number() over (partition by t.kind order by t.id) as turn
      from meant t
    )
    select t.kind, array_agg(t.event_id order by t.id) as ids
    from turn t
    group by t.kind, t.turn
    order by min(t.id)
  loop
    v_count := v_count + case v_step.kind
      when 'redeliver' then rowhook.redeliver_messages(p_sink, v_step.ids)
      else rowhook.discard_messages(p_sink, v_step.ids)
    end;
  end loop;
  return v_count;
end
$$;
