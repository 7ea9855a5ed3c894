-- rowhook.place_triggers_anew(source): rowhook.place_triggers behind a refresh; with the triggers in place no
-- further refresh is due, unless the table was altered since that one.
-- Writes what place_triggers does, and source.fingerprint.
create or replace function rowhook.place_triggers_anew(source_id int) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_current  boolean := exists (
    select from rowhook.source s
    where s.id = source_id and s.fingerprint = rowhook.source_fingerprint(s.id));
begin
  perform rowhook.place_triggers(source_id);
  if v_current then
    update rowhook.source s set fingerprint = rowhook.source_fingerprint(s.id) where s.id = source_id;
  end if;
end
$$;
