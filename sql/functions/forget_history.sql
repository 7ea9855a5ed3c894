-- rowhook.forget_history(sources, time): notes that changes of these sources that were captured before the
-- time are no longer complete, so that a replay that asks for them is refused (rowhook.history_starts_at).
-- Writes setting.
create or replace function rowhook.forget_history(p_sources int[], p_until timestamptz) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into rowhook.setting (name, value)
  select 'log_starts_at', coalesce(jsonb_object_agg(s.id::text, p_until), '{}') from unnest(p_sources) s(id)
  on conflict (name) do update
  set value = (
    select jsonb_object_agg(k.id, greatest((setting.value ->> k.id)::timestamptz, (excluded.value ->> k.id)::timestamptz))
    from (select jsonb_object_keys(setting.value || excluded.value) as id) k)
$$;
