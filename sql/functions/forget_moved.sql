-- rowhook.forget_moved(slot): drops the rows that rowhook.keep_moved has kept.
create or replace function rowhook.forget_moved(p_slot text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config(p.name, '', true)
  from (select array(select rowhook.moved_parts(p_slot)) as names) all_parts, unnest(all_parts.names) p(name);
  if current_setting('rowhook.left_' || p_slot, true) <> '' then
    perform set_config('rowhook.left_' || p_slot, '', true);
  end if;
end
$$;
