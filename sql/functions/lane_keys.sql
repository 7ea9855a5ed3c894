-- rowhook.lane_keys(sink, event): the groups of a message as batch.groups and held.groups name them (see
-- groupKeys in src/deliver/group.ts): one, two for an update that changed its group (old, new), none
-- where the sink wants no order. Reads only.
create or replace function rowhook.lane_keys(p_sink int, p_event rowhook.event) returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_columns  int2[] := (
    select t.group_columns from rowhook.sink_table t
    where t.sink_id = p_sink and t.source_id = p_event.source_id);
  v_at       int := array_position(p_event.sinks, p_sink);
  v_grp      text := p_event.groups[v_at];
  v_old_grp  text := (p_event.extra).old_groups[v_at];
  v_key      text;
  v_old      text;
begin
  if v_columns = '{}' then
    return '{}';
  end if;
  if v_at is null then
    select d.grp, d.old_grp into v_grp, v_old_grp
    from rowhook.decide(p_sink, array[p_event.id], p_event.source_id) d;
  end if;
  v_key := coalesce('=' || v_grp, rowhook.row_lane(p_event.source_id, p_event.pks));
  v_old := case
    when v_old_grp is not null then '=' || v_old_grp
    when v_grp is null then rowhook.row_lane(p_event.source_id, (p_event.extra).old_pks)
  end;
  return case when v_old <> v_key then array[v_old, v_key] else array[v_key] end;
end
$$;
