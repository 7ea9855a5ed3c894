-- Tells operators when every request of a sink fails, and when one succeeds again. The condition of the
-- trigger keeps it off the path of positions, which are saved many times a second.
create or replace function rowhook.note_circuit() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if new.circuit = 'open' then
    perform rowhook.raise_alert(new.sink_id, 'sink.failing',
      jsonb_build_object('failed_requests', new.circuit_failures));
  else
    perform rowhook.raise_alert(new.sink_id, 'sink.recovered', jsonb_build_object('from', 'failing'));
  end if;
  return null;
end
$$;

do $do$
begin
  if not exists (select from pg_catalog.pg_trigger t
                 where t.tgrelid = 'rowhook.stream'::regclass and t.tgname = 'note_circuit') then
    create trigger note_circuit after update of circuit on rowhook.stream
    for each row when (old.circuit is distinct from new.circuit and new.replay_id is null)
    execute function rowhook.note_circuit();
  end if;
end
$do$;
