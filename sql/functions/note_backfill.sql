-- Tells operators when a backfill has failed.
create or replace function rowhook.note_backfill() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rowhook.raise_alert(new.sink_id, 'backfill.failed',
    jsonb_build_object('backfill_id', new.id, 'error', new.error));
  return null;
end
$$;

do $do$
begin
  if not exists (select from pg_catalog.pg_trigger t
                 where t.tgrelid = 'rowhook.backfill'::regclass and t.tgname = 'note_backfill') then
    create trigger note_backfill after update of state on rowhook.backfill
    for each row when (new.state = 'failed' and old.state is distinct from new.state)
    execute function rowhook.note_backfill();
  end if;
end
$do$;
