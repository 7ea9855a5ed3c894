-- rowhook.moved(slot): the rows that rowhook.keep_moved has kept, in the order in which they moved: number, leaf and row
-- (text of the leaf's row type) before and after, and the array itself.
create or replace function rowhook.moved(p_slot text)
returns table (at bigint, old_leaf oid, old_row text, new_leaf oid, new_row text, kept json)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select row_number() over (order by p.part, e.row), (e.value ->> 0)::oid, e.value ->> 1, (e.value ->> 2)::oid, e.value ->> 3, e.value
    from rowhook.moved_parts(p_slot) with ordinality p(name, part)
    cross join lateral json_array_elements(format('[%s]', current_setting(p.name))::json) with ordinality e(value, row);
end
$$;
