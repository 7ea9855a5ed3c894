-- rowhook.has_moved(slot): whether rowhook.keep_moved has kept any rows.
create or replace function rowhook.has_moved(p_slot text) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  for v_tier in 0..4 loop
    if current_setting(format('rowhook.moved_%s_%s', p_slot, v_tier), true) <> '' then
      return true;
    end if;
  end loop;
  return false;
end
$$;
