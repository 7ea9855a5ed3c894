-- rowhook.planned_entries(entries, changed): those entries of a rowhook.capture_spec with which its
-- statements are to be planned, before they are put in place. Each entry is an expression of its own in
-- them, and what was planned once need not be again: an edit of one sink among a thousand plans that one,
-- beside a few of every kind, so that the statements have the form that they will have.
-- All of them, where they are few, or so many that a statement may come up against a limit of
-- Postgres: a list of columns ends at 1,664, and guarded filters and sets of excluded columns have one each.
create or replace function rowhook.planned_entries(p_entries jsonb, p_changed int[]) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with entry as (
    select e.value, e.at, e.kind,
           row_number() over (partition by e.kind order by e.at) as of_kind,
           (e.value ->> 'sink')::int = any (p_changed) as changed
    from (
      select e.value, e.at,
             jsonb_build_array(e.value -> 'stale', e.value -> 'guarded', e.value -> 'unchanged', e.value -> 'actions',
               e.value -> 'exclude_columns', jsonb_typeof(e.value -> 'group_columns'), jsonb_typeof(e.value -> 'condition')) as kind
      from jsonb_array_elements(p_entries) with ordinality e(value, at)) e
  )
  select coalesce(jsonb_agg(e.value order by e.at), '[]')
  from entry e
  where p_changed is null or e.changed or e.of_kind <= 2
    or (select count(*) filter (where (o.value ->> 'guarded')::boolean) > 1000
               or count(distinct o.value -> 'exclude_columns') > 1000 from entry o)
$$;
