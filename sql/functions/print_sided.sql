-- rowhook.print_sided(parts, names, action): a compiled filter as SQL text in parentheses, over n, the
-- row (the old one of a delete), and, of an update, its old version o.
create or replace function rowhook.print_sided(p_parts jsonb, p_names jsonb, p_action text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select '(' || rowhook.print_filter(p_parts, p_names, 'n',
    case when p_action <> 'delete' then 'n' end,
    case p_action when 'update' then 'o' when 'delete' then 'n' end) || ')'
$$;
