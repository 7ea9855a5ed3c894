-- rowhook.reborn_columns(before, table): source.columns for a table that was made anew or restored: its
-- columns as they are, each with the past of the column that had its name at last, and the number that
-- one had: "numbers": [{"number", "until": <the last event with that number>}] (0: there was none).
create or replace function rowhook.reborn_columns(p_before jsonb, p_relid oid) returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(n.value || jsonb_strip_nulls(jsonb_build_object(
           'former', b.value -> 'former',
           'numbers', coalesce(b.value -> 'numbers', '[]') || jsonb_build_object(
             'number', coalesce(b.value -> 'attnum', '0'), 'until', rowhook.last_event_id()))) order by n.at), '[]')
  from jsonb_array_elements(rowhook.table_columns(p_relid)) with ordinality n(value, at)
  left join jsonb_array_elements(p_before) b(value) on b.value -> 'name' = n.value -> 'name'
$$;
