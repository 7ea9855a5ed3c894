-- rowhook.forget_moved(slot): drops the rows that rowhook.keep_moved has kept.
create or replace function rowhook.forget_moved(p_slot text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name  text;
begin
  foreach v_name in array array['left_' || p_slot] || array(select format('moved_%s_%s', p_slot, t) from generate_series(0, 4) t) loop
    if current_setting('rowhook.' || v_name, true) <> '' then
      perform set_config('rowhook.' || v_name, '', true);
    end if;
  end loop;
end
$$;
