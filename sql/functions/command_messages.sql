-- rowhook.command_messages(sink, kind, state, ids): queues a redelivery or a discarding of the messages
-- of a state, of these ids, or of both where both are given, and does it at once unless a dispatcher
-- runs the sink's stream, which is then told to. Returns how many messages it applies to.
-- The stream's row is locked only where nobody runs it: a run's saves do not wait for this.
-- Writes command, and what rowhook.apply_commands writes.
create or replace function rowhook.command_messages(p_sink int, p_kind text, p_state text, p_ids bigint[])
returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_states   text[] := case p_kind when 'redeliver' then '{failing,discarded,delivered}' else '{pending,failing}' end;
  v_owner    uuid;
  v_count    bigint;
begin
  if not exists (select from rowhook.sink s where s.id = p_sink) then
    raise exception using
      errcode = 'undefined_object',
      message = format('there is no sink with id %s', coalesce(p_sink::text, 'null')),
      hint = 'select id, name from rowhook.status';
  elsif p_state is null and p_ids is null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('%s needs a state or event ids', p_kind),
      hint = 'to mean all messages of a state, name the state';
  elsif p_state not in ('pending', 'failing', 'discarded', 'delivered') then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('messages have no state %L', p_state),
      hint = format('give %s', array_to_string(v_states, ' or '));
  elsif p_ids is null and not p_state = any (array_remove(v_states, 'delivered')) then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('messages that are %s cannot all be %s', p_state,
        case p_kind when 'redeliver' then 'redelivered' else 'discarded' end),
      detail = case p_state
        when 'pending' then 'They are on their way already.'
        when 'discarded' then 'They are already.'
        when 'delivered' then 'The receiver has acknowledged them.' end,
      hint = case when p_kind = 'redeliver' and p_state = 'delivered'
        then 'use a replay (rowhook.replay), or name event ids'
        else format('give %s', array_to_string(array_remove(v_states, 'delivered'), ' or ')) end;
  end if;

  with target as materialized (
    select m.event_id
    from rowhook.find_messages(
      p_sink, p_state, null, array(select rowhook.all_tables(p_sink)), null,
      '-infinity', 'infinity', -1, 9223372036854775807, null) m
    where p_ids is null
    union
    select m.event_id
    from unnest(p_ids) i(id)
    cross join lateral rowhook.find_messages(
      p_sink, null, null, array(select s.id from rowhook.source s), null, '-infinity', 'infinity',
      i.id - 1, i.id + 1, 1) m
    where m.state = any (v_states) and m.state = coalesce(p_state, m.state)
  ),
  queued as (
    insert into rowhook.command (sink_id, kind, event_id, state)
    select p_sink, p_kind, t.event_id, p_state
    from target t
    where not exists (
      select from rowhook.discarded d
      where p_kind = 'redeliver' and d.sink_id = p_sink and d.event_id = t.event_id and (not d.event ? 'source_id' or d.event ? 'lost'))
    order by t.event_id
    returning 1
  )
  select count(*) into v_count from queued;
  if v_count = 0 then
    return 0;
  end if;

  select st.owner into v_owner from rowhook.stream st where st.sink_id = p_sink and st.replay_id is null;
  if v_owner is null then
    perform rowhook.apply_commands(p_sink);
  end if;
  perform pg_catalog.pg_notify('rowhook_wake', 'config');
  return v_count;
end
$$;
