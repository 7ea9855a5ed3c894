-- rowhook.redeliver(sink, state, ids): has messages sent again: all that are failing or discarded, or
-- those of these event ids, delivered ones included. Returns how many. See rowhook.redeliver_messages.
create or replace function rowhook.redeliver(p_sink int, p_state text default null, p_event_ids bigint[] default null)
returns bigint
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select rowhook.command_messages(p_sink, 'redeliver', p_state, p_event_ids)
$$;
