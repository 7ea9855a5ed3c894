-- rowhook.remember_names(before, now): the columns as they are now, with what is needed to read records
-- that were stored before (rowhook.names_at):
--   "former": [{"name", "until": <the last event that may be stored under it>}]
--   "numbers": see rowhook.reborn_columns
-- A rename locks the table, so events captured under the old name have ids below any that were handed
-- out when the rename was noticed; those captured in between carry their shape.
create or replace function rowhook.remember_names(p_before jsonb, p_now jsonb) returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(n.value || jsonb_strip_nulls(jsonb_build_object(
           'numbers', b.value -> 'numbers',
           'former', case
             when b.value is null or b.value -> 'name' = n.value -> 'name' then b.value -> 'former'
             else coalesce(b.value -> 'former', '[]') || jsonb_build_object(
               'name', b.value -> 'name', 'until', rowhook.last_event_id())
           end)) order by n.at), '[]')
  from jsonb_array_elements(p_now) with ordinality n(value, at)
  left join jsonb_array_elements(p_before) b(value) on b.value -> 'attnum' = n.value -> 'attnum'
$$;
