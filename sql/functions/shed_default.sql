-- rowhook.shed_default(parent, before): deletes rows of the default partition that are old enough and that
-- nobody needs, 10,000 at most; returns how many. There are any only when nobody made partitions for a
-- week, a clock jumped, or a message was redelivered whose partition was gone.
-- Writes event or delivery, and setting.
create or replace function rowhook.shed_default(p_parent text, p_before timestamptz) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_default  regclass := format('rowhook.%I', p_parent || '_default')::regclass;
  v_needed   text;
  v_gone     record;
  v_count    bigint := 0;
begin
  if pg_relation_size(v_default) = 0 then
    return 0;
  elsif p_parent = 'delivery' then
    delete from rowhook.delivery_default
    where ctid = any (array(select d.ctid from rowhook.delivery_default d where d.at < p_before limit 10000));
    get diagnostics v_count = row_count;
    return v_count;
  end if;
  -- Days do not count in here, so a retention is held against each row.
  select n.condition into v_needed from rowhook.partition_needs(v_default, '-infinity') n;
  for v_gone in execute format($q$
    with gone as (
      delete from rowhook.event_default
      where ctid = any (array(
        select e.ctid
        from rowhook.event_default e
        join rowhook.source s on s.id = e.source_id
        where e.captured_at < $1
          and (s.retention is null or e.captured_at < rowhook.now() - s.retention)
          and not (%s)
        limit 10000))
      returning source_id, captured_at)
    select g.source_id, max(g.captured_at) as newest, count(*) as events from gone g group by g.source_id
    $q$, v_needed)
  using p_before
  loop
    v_count := v_count + v_gone.events;
    perform rowhook.forget_history(array[v_gone.source_id], v_gone.newest + interval '1 microsecond');
  end loop;
  return v_count;
end
$$;
