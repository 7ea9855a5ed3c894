-- rowhook.refresh(table): makes the capture of a table fit the table as it is now, at once: new
-- partitions get their triggers, renamed and dropped columns are noticed. A running dispatcher does
-- the same within 10 s. Raises undefined_object (42704) for a table that no sink names and whose
-- history is not kept.
-- Writes source, sink_table.stale_reason, triggers; locks a table on which a trigger is missing.
create or replace function rowhook.refresh(relation regclass) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id  int;
begin
  select s.id into v_id
  from rowhook.source s
  where s.relid = relation or rowhook.belongs_to(relation, s.relid)
  order by s.relid = relation desc limit 1;
  if v_id is null then
    raise exception using
      errcode = 'undefined_object',
      message = format('rowhook does not capture %s', relation),
      hint = 'name the table in a sink, or keep its history with rowhook.retain';
  end if;
  perform rowhook.refresh_source(v_id);
  perform rowhook.place_triggers_anew(v_id);
end
$$;
