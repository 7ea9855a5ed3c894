-- rowhook.source_fingerprint(source): a digest of everything that a refresh acts on: the table and its
-- tree, the triggers on it, the types that filters lean on, the sinks' wishes, and the release of
-- rowhook that generates the code. When source.fingerprint differs from it, a refresh is due.
-- Every dispatcher asks this of every source every few seconds, so it only reads catalogs; what
-- rowhook.table_digest goes to lengths for, a transaction with an old snapshot, does not concern it.
-- An entry of a sink is told from the one that it was before by where its row lies and who wrote it: of
-- a thousand sinks on a table, their texts cost ten times as much.
create or replace function rowhook.source_fingerprint(p_source int) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select md5(concat_ws(';',
    rowhook.table_state(s.id), s.retention, s.retention_parts,
    (select string_agg(concat_ws(' ', g.relid::oid, g.name, g.missing, g.definition), ',' order by g.relid::oid, g.name)
     from rowhook.wanted_triggers(s.id) g),
    (select string_agg(concat_ws(' ', t.id, t.xmin, t.ctid, k.message_type), ',' order by t.id)
     from rowhook.sink_table t join rowhook.sink k on k.id = t.sink_id where t.source_id = s.id)))
  from rowhook.source s where s.id = p_source
$$;
