-- rowhook.list_messages(sink, …): messages of a sink, newest first:
--   p_state   pending | failing | discarded | delivered; null: any
--   p_source  rowhook.source.id; null: any
--   p_group   the group: key values, or those of group_by, joined by ':'
--   p_since, p_until  since <= captured_at < until
--   p_after   a cursor: only messages with a lower event id
-- Reads only. Fast however much is retained: times become bounds of ids (rowhook.event_id_at).
create or replace function rowhook.list_messages(
  p_sink int, p_state text default null, p_source int default null, p_group text default null,
  p_since timestamptz default null, p_until timestamptz default null, p_after bigint default null,
  p_limit int default 50)
returns table (
  event_id bigint, state text, source_id int, action text, grp text, record json, changes json,
  captured_at timestamptz, attempts int, next_attempt_at timestamptz, last_error text, webhook_id text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_sources  int[] := array(
    select t.id from rowhook.all_tables(p_sink) t(id) where p_source is null or t.id = p_source);
  v_above    bigint := -1;
  v_below    bigint := coalesce(p_after, 9223372036854775807);
  v_since    timestamptz := coalesce(p_since, '-infinity');
  v_until    timestamptz := coalesce(p_until, 'infinity');
begin
  if p_state not in ('pending', 'failing', 'discarded', 'delivered') then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('messages have no state %L', p_state),
      hint = 'give pending, failing, discarded or delivered, or null for any';
  end if;
  if p_since is not null then
    v_above := rowhook.event_id_at(p_since, v_sources) - 1;
  end if;
  if p_until is not null then
    -- by so much may a clock have stepped back, or a process slept between taking its id and the time
    v_below := least(v_below, rowhook.event_id_at(p_until + interval '10 minutes', v_sources));
  end if;
  return query
    select m.* from rowhook.find_messages(
      p_sink, p_state, p_source, v_sources, p_group, v_since, v_until, v_above, v_below, p_limit) m;
end
$$;
