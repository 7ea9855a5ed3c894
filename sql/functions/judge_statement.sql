-- rowhook.judge_statement(columns, names, action, parts, group columns, excluded, unchanged): SQL text
-- that judges stored events of one action and one set of names (rowhook.names_at): yields event_id,
-- wanted, grp and old_grp (as in rowhook.event), of the events whose ids are its parameter $1.
--   p_parts     compiled filter; null: every event
--   p_excluded  attnums whose change alone does not count; p_unchanged: none needs to have changed
create or replace function rowhook.judge_statement(
  p_columns jsonb, p_names jsonb, p_action "char", p_parts jsonb, p_groups int2[], p_excluded int2[],
  p_unchanged boolean)
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_columns  jsonb := rowhook.stored_columns(p_columns, p_names);
  v_names    jsonb;
  v_attnums  int2[];
  v_update   boolean := p_action = 'u';
  v_changed  text := 'true';
begin
  select coalesce(jsonb_object_agg(c ->> 'attnum', c ->> 'name'), '{}') into v_names
  from jsonb_array_elements(v_columns) c;
  v_attnums := array(select (p ->> 'att')::int2 from jsonb_array_elements(p_parts) p where p ? 'att')
    || coalesce(p_groups, '{}');
  if v_update and not p_unchanged then
    v_changed := format(
      -- a bare capture knows of no changes
      '(e.extra).shape = ''{}'' or exists (select from json_object_keys(rowhook.readable(e.changes)) k(name) where k.name <> all (%L::text[]))',
      array(select v_names ->> a::text from unnest(p_excluded) a where v_names ? a::text));
  end if;
  return format(
    $sql$select e.id as event_id, coalesce(guarded.f, false) as wanted, %s as grp, %s as old_grp
from rowhook.event e
  %s
  cross join lateral (select case when %s then %s end as f offset 0) guarded
where e.source_id = $2 and e.id = any ($1)$sql$,
    case when p_groups is null then 'null::text' else rowhook.print_group(v_columns, p_groups, 'n') end,
    case when p_groups <> '{}' and v_update then format('nullif((%s) collate "C", %s)',
      rowhook.print_group(v_columns, p_groups, 'o'), rowhook.print_group(v_columns, p_groups, 'n'))
      else 'null::text' end,
    rowhook.print_stored(v_columns, v_attnums, v_update),
    v_changed,
    -- in the form in which capture evaluates it (see rowhook.print_guarded)
    case when p_parts is null then 'true'
      else rowhook.print_sided(p_parts, v_names, case p_action when 'd' then 'delete' when 'u' then 'update' else 'insert' end)
    end);
end
$$;
