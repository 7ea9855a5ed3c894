-- rowhook.restore_settings(before): sets back what rowhook.pin_settings returned. A value that the
-- server takes no more is left pinned: no reason to fail the user's statement.
create or replace function rowhook.restore_settings(p_before jsonb) returns void
language plpgsql volatile
as $$
begin
  perform pg_catalog.set_config(b.key, b.value, true) from pg_catalog.jsonb_each_text(p_before) b;
exception when others then
  null;
end
$$;
