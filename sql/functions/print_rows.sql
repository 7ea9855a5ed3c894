-- rowhook.print_rows(spec, action, single): SQL text of a from clause over a statement's transition
-- tables: alias n is the row (the old one of a delete), and of an update o is its old version.
-- Old and new versions pair up by their position in the two tables, which Postgres fills in step;
-- p_single is for statements of exactly one row, where there is nothing to pair up.
-- Columns are listed one by one where n.* would not do: computed columns (null in the transition
-- tables), or a member of the table's tree with other columns, or another order of them.
create or replace function rowhook.print_rows(p_spec jsonb, p_action text, p_single boolean) returns text
language plpgsql stable
set search_path = ''
as $$
declare
  v_list    text := 'x.*';
  v_number  text := 'rowhook_row';
begin
  if p_spec ->> 'listed' = 'true' then
    select string_agg(case
             when c.value ? 'expression' then format('(%s) as %I', c.value ->> 'expression', c.value ->> 'name')
             else format('x.%I', c.value ->> 'name') end, ', ' order by c.at)
    into v_list
    from jsonb_array_elements(p_spec -> 'columns') with ordinality c(value, at);
  end if;

  if p_action <> 'update' or p_single then
    return concat_ws(E'\n  cross join ',
      format(case when v_list = 'x.*' then '%1$s n' else '(select %2$s from %1$s x) n' end,
        case when p_action = 'delete' then 'rowhook_old' else 'rowhook_new' end, v_list),
      case when p_action = 'update' then
        format(case when v_list = 'x.*' then '%1$s o' else '(select %2$s from %1$s x) o' end,
          'rowhook_old', v_list)
      end);
  end if;

  while p_spec -> 'columns' @> jsonb_build_array(jsonb_build_object('name', v_number)) loop
    v_number := v_number || '_';
  end loop;
  return format(
    '(select row_number() over () as %2$I, %1$s from rowhook_new x) n' ||
    E'\n  join (select row_number() over () as %2$I, %1$s from rowhook_old x) o on o.%2$I = n.%2$I',
    v_list, v_number);
end
$$;
