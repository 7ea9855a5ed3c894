-- rowhook.exclusions(sink): what must be taken out of stored records before the sink sees them; a row for
-- each of its tables that excludes columns, or did so when it was taken out of the sink:
--   columns, excluded  source.columns, and attnums
--   names, until       what the excluded columns are called in events with a higher id that carry no shape;
--                      for others ask rowhook.hidden_names
-- A run asks in the statement that reads the events, never before: an event that was captured under new
-- names is visible only where the refresh that brought these is.
create or replace function rowhook.exclusions(p_sink int)
returns table (source_id int, columns jsonb, excluded int2[], names text[], until bigint)
language sql stable rows 2
set search_path = pg_catalog, pg_temp
as $$
  select x.source_id, x.columns, x.exclude_columns, x.names,
         case when cardinality(x.names) < cardinality(x.exclude_columns) then 9223372036854775807 -- one was dropped
           else coalesce((
             select max((p.value ->> 'until')::bigint)
             from jsonb_path_query(x.columns, '$[*].*[*] ? (exists (@.until))') p(value)), 0) end
  from (
    select t.source_id, s.columns, t.exclude_columns,
           array(select c ->> 'name' from jsonb_array_elements(s.columns) c
                 where (c ->> 'attnum')::int2 = any (t.exclude_columns)) as names
    from (
      select t.source_id, t.exclude_columns from rowhook.sink_table t where t.sink_id = p_sink
      union all
      select f.source_id, f.exclude_columns from rowhook.former_table f where f.sink_id = p_sink) t
    join rowhook.source s on s.id = t.source_id
    where t.exclude_columns <> '{}') x
$$;
