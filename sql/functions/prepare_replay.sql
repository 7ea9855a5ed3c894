-- rowhook.prepare_replay(sink, options): checks what a replay is asked for and returns it as the row that
-- it would be; writes nothing.
--   p_options  {"since"?, "until"?, "since_id"?, "until_id"?, "table_name"?, "source_ids"?, "filter"?,
--              "filter_parts"?}: since <= captured_at < until (default: now); ids inclusive. One of since
--              and since_id must be given. filter_parts is {"<source id>": the filter compiled for it};
--              without it, a dispatcher compiles the text
-- until_id of the result is where it ends whatever is captured meanwhile.
-- Bad input raises 22023 with the option's name in the error's column field, and so does a window that
-- reaches behind what the log still has, naming the earliest time. P0002 for an unknown sink.
create or replace function rowhook.prepare_replay(p_sink int, p_options jsonb) returns rowhook.replay
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_replay  rowhook.replay;
  v_starts  timestamptz;
  v_first   bigint;
  v_option  text;
begin
  if not exists (select from rowhook.sink s where s.id = p_sink) then
    raise exception using errcode = 'no_data_found', message = format('there is no sink with the id %s', p_sink);
  end if;
  v_replay.sink_id := p_sink;
  v_replay.table_name := p_options ->> 'table_name';
  v_replay.filter_text := p_options ->> 'filter';
  v_replay.filter_parts := nullif(p_options -> 'filter_parts', 'null');
  begin
    foreach v_option in array array['since', 'until', 'since_id', 'until_id'] loop
      case v_option
        when 'since' then v_replay.since := p_options ->> v_option;
        when 'until' then v_replay.until := p_options ->> v_option;
        when 'since_id' then v_replay.since_id := p_options ->> v_option;
        else v_replay.until_id := p_options ->> v_option;
      end case;
    end loop;
  exception when data_exception then
    raise exception using errcode = 'invalid_parameter_value', column = v_option, message = sqlerrm,
      hint = 'a time is like 2026-11-23T08:10:00Z, an id a number';
  end;
  if v_replay.since is null and v_replay.since_id is null then
    raise exception using errcode = 'invalid_parameter_value', column = 'since',
      message = 'a replay needs a beginning',
      hint = 'give since, for example now() - interval ''2 hours''';
  end if;
  v_replay.until := coalesce(v_replay.until, rowhook.now());
  if v_replay.since >= v_replay.until then
    raise exception using errcode = 'invalid_parameter_value', column = 'until',
      message = format('the window is empty: since %s is not before until %s', v_replay.since, v_replay.until),
      hint = 'since is inclusive, until is not';
  end if;

  select coalesce(array_agg(s.source_id), '{}') into v_replay.source_ids
  from rowhook.sink_sources(p_sink, v_replay.table_name) s
  where coalesce(nullif(p_options -> 'source_ids', 'null') @> to_jsonb(s.source_id), true);

  v_starts := rowhook.history_starts_at(v_replay.source_ids);
  -- Within the time that history is kept at least, a young log has everything that there ever was.
  if v_replay.since < v_starts
     and (v_replay.since < rowhook.now() - interval '24 hours'
          or rowhook.history_dropped_until(v_replay.source_ids) is not null) then
    raise exception using errcode = 'invalid_parameter_value', column = 'since',
      message = format('history begins at %s: what was captured before is no longer kept',
        to_char(v_starts at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
      hint = 'ask for since at or after that time; rowhook.retain keeps a table''s history for longer';
  end if;
  v_first := rowhook.event_id_at(v_starts, v_replay.source_ids);
  if v_replay.since_id < v_first and rowhook.history_dropped_until(v_replay.source_ids) is not null then
    raise exception using errcode = 'invalid_parameter_value', column = 'since_id',
      message = format('history begins at event %s, of %s: what was captured before is no longer kept', v_first,
        to_char(v_starts at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
      hint = 'ask for since_id at or after that event';
  end if;
  v_replay.until_id := least(
    v_replay.until_id,
    rowhook.last_event_id(),
    -- no later event can be in the window: two minutes make up for the one that event_id_at allows
    rowhook.event_id_at(v_replay.until + interval '2 minutes', v_replay.source_ids));
  return v_replay;
end
$$;
