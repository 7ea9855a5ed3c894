-- rowhook.moved(slot): the rows that rowhook.keep_moved has kept, in the order in which they moved: number, leaf and row
-- (text of the leaf's row type) before and after, and the array itself.
create or replace function rowhook.moved(p_slot text)
returns table (at bigint, old_leaf oid, old_row text, new_leaf oid, new_row text, kept json)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query select e.at, (e.value ->> 0)::oid, e.value ->> 1, (e.value ->> 2)::oid, e.value ->> 3, e.value
  from json_array_elements(format('[%s]', (
    select string_agg(s.rows, ',' order by t.tier desc)
    from generate_series(0, 4) t(tier)
    cross join lateral (select nullif(current_setting(format('rowhook.moved_%s_%s', p_slot, t.tier), true), '')) s(rows)
    ))::json) with ordinality e(value, at);
end
$$;
