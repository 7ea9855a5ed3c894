-- rowhook.create_stream(sink): the live stream of a new sink, which begins now. Writes tick and
-- stream. Call it in the transaction that makes the sink: events captured before name no such sink.
create or replace function rowhook.create_stream(p_sink int) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_tick    bigint;
  v_stream  bigint;
begin
  select t.id into v_tick from rowhook.tick t order by t.id desc limit 1;
  if v_tick is null then
    -- the first tick of all may be taken in this longer transaction: nobody reads from it yet
    select t.tick_id into v_tick from rowhook.take_tick() t;
  end if;
  insert into rowhook.stream (sink_id, tick_from, tick_to)
  values (p_sink, v_tick, v_tick)
  returning id into v_stream;
  return v_stream;
end
$$;
