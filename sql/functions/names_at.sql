-- rowhook.names_at(columns, shape, event): {"<attnum>": "name"} of the columns as an event was stored.
--   p_columns  source.columns
--   p_shape    event_extra.shape: {"name": attnum} of then where it is known; null where the event was
--              captured by compiled code, so that the names were those of a refresh
-- A column that was made since, under a name of one that was dropped, reads what that one held; the name
-- is null for one that is not to be found.
create or replace function rowhook.names_at(p_columns jsonb, p_shape jsonb, p_event bigint) returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  with columns as (
    select c ->> 'attnum' as attnum, c ->> 'name' as name, c -> 'former' as former,
           coalesce((
             select u -> 'number' from jsonb_array_elements(c -> 'numbers') u
             where (u ->> 'until')::bigint >= p_event
             order by (u ->> 'until')::bigint limit 1), c -> 'attnum') as number
    from jsonb_array_elements(p_columns) c)
  select jsonb_object_agg(c.attnum, case
    when p_shape is null then coalesce((
      select f ->> 'name' from jsonb_array_elements(c.former) f
      where (f ->> 'until')::bigint >= p_event
      order by (f ->> 'until')::bigint limit 1), c.name)
    else coalesce(
      (select s.key from jsonb_each(p_shape) s where s.value = c.number),
      (select n.name
       from (select c.name as name, null::bigint as until
             union all select f ->> 'name', (f ->> 'until')::bigint from jsonb_array_elements(c.former) f) n
       where p_shape ? n.name and not exists (select from columns o where o.number = p_shape -> n.name)
       order by n.until desc nulls first limit 1))
    end)
  from columns c
$$;
