-- rowhook.get_message(sink, event id): one message as rowhook.list_messages shows it; no row when the
-- sink has none of this id. Reads only.
create or replace function rowhook.get_message(p_sink int, p_event_id bigint)
returns table (
  event_id bigint, state text, source_id int, action text, grp text, record json, changes json,
  captured_at timestamptz, attempts int, next_attempt_at timestamptz, last_error text, webhook_id text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select m.*
  from rowhook.find_messages(
    p_sink, null, null, array(select s.id from rowhook.source s), null, '-infinity', 'infinity',
    p_event_id - 1, p_event_id + 1, 1) m
$$;
