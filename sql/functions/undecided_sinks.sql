-- rowhook.undecided_sinks(spec, action, generic): the ids of sinks for which capture leaves the verdict on an
-- action to the reader, ascending: those that are stale, or, where p_generic, all that want the action.
create or replace function rowhook.undecided_sinks(p_spec jsonb, p_action text, p_generic boolean) returns int[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select (e ->> 'sink')::int from jsonb_array_elements(p_spec -> 'entries') e
    where e -> 'actions' ? p_action and (p_generic or (e ->> 'stale')::boolean)
    order by 1)
$$;
