-- rowhook.decide(sink, events, source): the verdicts that capture left open, by the sink's entry for
-- the source as it is now. Reads the log and the configuration, writes nothing.
--   verdict       wanted | unwanted | error (see `error`) | stale (the entry waits for an edit). Of a table that
--                 was taken out of the sink nothing can be said any more: an error
--   grp, old_grp  as in rowhook.event: null where the sink groups by key, or the group did not change
-- One row per event that exists.
create or replace function rowhook.decide(p_sink int, p_events bigint[], p_source int)
returns table (event_id bigint, verdict text, grp text, old_grp text, error text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_entry  rowhook.sink_table;
begin
  select * into v_entry from rowhook.sink_table t where t.sink_id = p_sink and t.source_id = p_source;
  if v_entry.id is null or v_entry.stale_reason is not null then
    return query
      select e.id,
             case when v_entry.id is not null then 'stale' when f.source_id is not null then 'error' else 'unwanted' end,
             null::text, null::text,
             case when v_entry.id is null then 'its table was taken out of the sink before it was sent' end
      from rowhook.event e
      left join rowhook.former_table f on f.sink_id = p_sink and f.source_id = p_source
      where e.source_id = p_source and e.id = any (p_events);
    return;
  end if;
  return query
    select e.id,
           case when not e.action::text = any (array(select left(a, 1) from unnest(rowhook.wanted_actions(v_entry)) a)) then 'unwanted'
                when j.error is not null then 'error'
                when j.wanted then 'wanted'
                else 'unwanted' end,
           j.grp, j.old_grp, j.error
    from rowhook.judge(p_source, p_events, v_entry.filter_parts, v_entry.group_columns,
                       v_entry.exclude_columns, v_entry.unchanged) j
    join rowhook.event e on e.source_id = p_source and e.id = j.event_id
      -- says nothing new, and keeps a plan of too many expected rows from going over all of the table's events
      and e.id = any (p_events);
end
$$;
