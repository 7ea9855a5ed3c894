-- rowhook.print_condition(entry, names, action, fallback): SQL text of a filter over the rows of
-- rowhook.print_rows, or 'true' where there is none. A guarded one is not evaluated when it raised in
-- this statement (capture.raised holds its id), and is p_fallback then.
create or replace function rowhook.print_condition(
  p_entry jsonb, p_names jsonb, p_action text, p_fallback text)
returns text
language plpgsql stable
set search_path = ''
as $$
declare
  v_filter  text;
begin
  if jsonb_typeof(p_entry -> 'parts') is distinct from 'array' then
    return 'true';
  end if;
  v_filter := '(' || rowhook.print_filter(p_entry -> 'parts', p_names, 'n',
    case when p_action <> 'delete' then 'n' end,
    case p_action when 'update' then 'o' when 'delete' then 'n' end) || ')';
  if (p_entry ->> 'guarded')::boolean then
    return format('case when capture.raised @> ''{%s}'' then %s else %s end',
      p_entry ->> 'sink', p_fallback, v_filter);
  end if;
  return v_filter;
end
$$;
