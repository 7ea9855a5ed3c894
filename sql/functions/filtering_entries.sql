-- rowhook.filtering_entries(spec, action): the entries of a rowhook.capture_spec whose verdict compiled
-- code makes for an action: those that are not stale, and the retention as sink 0 where it has a filter.
create or replace function rowhook.filtering_entries(p_spec jsonb, p_action text) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce((
    select jsonb_agg(e.value order by e.at)
    from jsonb_array_elements(p_spec -> 'entries') with ordinality e(value, at)
    where e.value -> 'actions' ? p_action and not (e.value ->> 'stale')::boolean), '[]')
    || case when jsonb_typeof(p_spec #> '{retention,condition}') = 'object'
         then (p_spec -> 'retention') || '{"sink": 0}' else '[]' end
$$;
