-- rowhook.release_source(source): takes a source's triggers away if no sink names the table and no
-- history is kept; returns whether it did. The source's row stays, because stored events refer to it.
-- Locks the table and all members of its tree exclusively until the transaction ends: set a short
-- lock_timeout. Dropping the function takes its triggers along, for which, other than for
-- `drop trigger`, one need not own the tables.
-- The row lock keeps out a sink that is being saved on the same table: see rowhook.refresh_source.
create or replace function rowhook.release_source(source_id int) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from rowhook.source s where s.id = source_id for update;
  if not found
     or exists (select from rowhook.source s where s.id = release_source.source_id and s.retention is not null)
     or exists (select from rowhook.sink_table t where t.source_id = release_source.source_id)
     or to_regprocedure(format('rowhook.capture_%s()', source_id)) is null
  then
    return false;
  end if;
  execute format('drop function rowhook.capture_%s() cascade', source_id);
  execute format('drop function if exists rowhook.rows_%s() cascade', source_id);
  execute format('drop function if exists rowhook.moves_%s() cascade', source_id);
  execute format('drop function if exists rowhook.merges_%s() cascade', source_id);
  update rowhook.source s set fingerprint = null where s.id = source_id;
  return true;
end
$$;
