-- rowhook.moved_parts(slot): the names of the settings in which rowhook.keep_moved has kept rows, in the order of the rows.
create or replace function rowhook.moved_parts(p_slot text) returns setof text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_full   int := 1;
  v_name   text;
begin
  loop
    v_name := format('rowhook.moved_%s_full_%s', p_slot, v_full);
    exit when (current_setting(v_name, true) <> '') is not true;
    return next v_name;
    v_full := v_full + 1;
  end loop;
  for v_tier in reverse 3..0 loop
    v_name := format('rowhook.moved_%s_%s', p_slot, v_tier);
    if current_setting(v_name, true) <> '' then
      return next v_name;
    end if;
  end loop;
end
$$;
