-- rowhook.filtering_entries(spec, action): the entries of a rowhook.capture_spec whose verdict compiled
-- code makes for an action: those that are not stale, and the retention as sink 0 where it has a filter.
-- Mostly that is all of them, which are then handed on as they are: to put a thousand together anew
-- takes as long as everything else that is done with them.
create or replace function rowhook.filtering_entries(p_spec jsonb, p_action text) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
           when exists (
             select from jsonb_array_elements(p_spec -> 'entries') e
             where not e -> 'actions' ? p_action or (e ->> 'stale')::boolean)
           then coalesce((
             select jsonb_agg(e.value order by e.at)
             from jsonb_array_elements(p_spec -> 'entries') with ordinality e(value, at)
             where e.value -> 'actions' ? p_action and not (e.value ->> 'stale')::boolean), '[]')
           else p_spec -> 'entries' end
    || case when jsonb_typeof(p_spec #> '{retention,condition}') = 'object'
         then (p_spec -> 'retention') || '{"sink": 0}' else '[]' end
$$;
