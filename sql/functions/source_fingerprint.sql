-- rowhook.source_fingerprint(source): a digest of everything that a refresh acts on: the table and its
-- tree, the triggers on it, the sinks' wishes, and the release of rowhook that generates the code.
-- When source.fingerprint differs from it, a refresh is due.
create or replace function rowhook.source_fingerprint(p_source int) returns text
language sql stable
set search_path = ''
as $$
  select md5(concat_ws(';',
    (select i.functions_checksum from rowhook.installation i),
    s.relid::oid, (select format('%I.%I', n.nspname, c.relname)
                   from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                   where c.oid = s.relid),
    s.retention, s.retention_parts,
    rowhook.table_digest(s.relid),
    (select string_agg(to_jsonb(t)::text, ',' order by t.id) from rowhook.sink_table t where t.source_id = s.id),
    (select string_agg(concat_ws(' ', m.relid::oid, m.kind, rowhook.table_digest(m.relid)), ',' order by m.relid::oid)
     from rowhook.table_tree(s.relid) m),
    (select string_agg(format('%s %s %s %s', g.relid::oid, g.name, g.missing, g.definition), ',' order by g.relid::oid, g.name)
     from rowhook.wanted_triggers(s.id) g)))
  from rowhook.source s where s.id = p_source
$$;
