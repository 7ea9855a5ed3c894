-- rowhook.discard(sink, state, ids): drops messages that were not delivered: all that are failing or
-- pending, or those of these event ids. They stand among the discarded ones, with their payload, until
-- somebody has them redelivered. Returns how many. See rowhook.discard_messages.
create or replace function rowhook.discard(p_sink int, p_state text default null, p_event_ids bigint[] default null)
returns bigint
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select rowhook.command_messages(p_sink, 'discard', p_state, p_event_ids)
$$;
