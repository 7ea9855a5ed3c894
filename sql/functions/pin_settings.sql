-- rowhook.pin_settings(): pins all that rowhook.pinned_settings lists, for the rest of the
-- transaction or until rowhook.restore_settings; returns what the settings were. For the one path
-- that cannot know which of them matter: capture of a table that changed behind our back.
create or replace function rowhook.pin_settings() returns jsonb
language plpgsql volatile
as $$
declare
  v_before  jsonb;
begin
  select pg_catalog.jsonb_object_agg(p.name, pg_catalog.current_setting(p.name)) into v_before
  from rowhook.pinned_settings() p;
  perform pg_catalog.set_config(p.name, p.value, true) from rowhook.pinned_settings() p;
  return v_before;
end
$$;
