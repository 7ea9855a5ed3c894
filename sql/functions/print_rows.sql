-- rowhook.print_rows(spec, action): SQL text of a from clause over a statement's transition tables: alias
-- n is the row (the old one of a delete), and of an update o is its old version.
-- Old and new versions pair up by their position in the two tables, which Postgres fills in step.
-- Both always have the same number of rows. It is a full join nevertheless, because that one is never
-- made by a nested loop: a session keeps the plan of its first statement, which may have changed one
-- row, for the next one, which may change a million. So nothing that refers to n or o may stand in the
-- where clause, where the planner would see that no null row passes, and turn it into an inner join.
create or replace function rowhook.print_rows(p_spec jsonb, p_action text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_list    text := rowhook.print_list(p_spec);
  v_number  text := 'rowhook_row';
begin
  if p_action <> 'update' then
    return format(case when v_list = 'x.*' then '%1$s n' else '(select %2$s from %1$s x) n' end,
      case when p_action = 'delete' then 'rowhook_old' else 'rowhook_new' end, v_list);
  end if;
  while p_spec -> 'columns' @> jsonb_build_array(jsonb_build_object('name', v_number)) loop
    v_number := v_number || '_';
  end loop;
  return format(
    '(select row_number() over () as %2$I, %1$s from rowhook_new x) n' ||
    E'\n  full join (select row_number() over () as %2$I, %1$s from rowhook_old x) o on o.%2$I = n.%2$I',
    v_list, v_number);
end
$$;
