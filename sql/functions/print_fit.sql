-- rowhook.print_fit(parts, can raise, columns, names): what generated code needs to know of a compiled
-- filter that fits its table: {"guarded", "uses_old", "settings", "condition": {"insert", "update",
-- "delete"}}; the conditions are SQL text (rowhook.print_sided), and not there where there is no filter.
--   p_columns  rowhook.table_columns
--   p_names    rowhook.column_names
-- `guarded`: evaluating the filter may raise, or planning it may, because it leans on a type that
-- a user made. `uses_old`: it names the old row. `settings`: rowhook.filter_settings.
create or replace function rowhook.print_fit(p_parts jsonb, p_can_raise boolean, p_columns jsonb, p_names jsonb)
returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
           'guarded', rowhook.needs_guard(p_parts, p_can_raise, p_columns),
           'settings', to_jsonb(rowhook.filter_settings(p_parts, p_columns)),
           'uses_old', coalesce(p_parts @? '$[*] ? (@.side == "old")', false))
         || case when jsonb_typeof(p_parts) = 'array' then jsonb_build_object('condition', (
              select jsonb_object_agg(a.action, rowhook.print_sided(p_parts, p_names, a.action))
              from unnest('{insert,update,delete}'::text[]) a(action))) else '{}' end
$$;
