-- rowhook.forget_moved(slot): drops the rows that rowhook.keep_moved has kept.
create or replace function rowhook.forget_moved(p_slot text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name  text;
begin
  foreach v_name in array array(select rowhook.moved_parts(p_slot)) loop
    perform set_config(v_name, '', true);
  end loop;
  if current_setting('rowhook.left_' || p_slot, true) <> '' then
    perform set_config('rowhook.left_' || p_slot, '', true);
  end if;
end
$$;
