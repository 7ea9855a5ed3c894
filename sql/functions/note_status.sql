-- Tells operators when a sink is paused, by whomever, and when it goes on: a trigger, so that no way of
-- changing the status can forget it.
create or replace function rowhook.note_status() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if new.status = 'paused' then
    perform rowhook.raise_alert(new.id, 'sink.paused', jsonb_build_object('reason', new.status_reason));
  elsif old.status = 'paused' and new.status = 'active' then
    perform rowhook.raise_alert(new.id, 'sink.recovered', jsonb_build_object('from', 'paused'));
  end if;
  return null;
end
$$;

do $do$
begin
  if not exists (select from pg_catalog.pg_trigger t
                 where t.tgrelid = 'rowhook.sink'::regclass and t.tgname = 'note_status') then
    create trigger note_status after update of status on rowhook.sink
    for each row when (old.status is distinct from new.status)
    execute function rowhook.note_status();
  end if;
end
$do$;
