-- rowhook.source_fingerprint(source): a digest of everything that a refresh acts on: the table and its
-- tree, the triggers on it, the types that filters lean on, the sinks' wishes, and the release of
-- rowhook that generates the code. When source.fingerprint differs from it, a refresh is due.
-- Every dispatcher asks this of every source every few seconds, so it only reads catalogs; what
-- rowhook.table_digest goes to lengths for, a transaction with an old snapshot, does not concern it.
create or replace function rowhook.source_fingerprint(p_source int) returns text
language sql stable
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $$
  select md5(concat_ws(';',
    (select i.functions_checksum from rowhook.installation i),
    s.relid::oid, rowhook.table_name(s.relid), s.retention, s.retention_parts,
    rowhook.table_key(s.relid)::text,
    (select string_agg(i.inhparent::text, ' ' order by i.inhseqno)
     from pg_catalog.pg_inherits i where i.inhrelid = s.relid),
    (select string_agg(concat_ws(' ', m.relid::oid, m.kind, (
              select string_agg(concat_ws(' ', a.attnum, quote_literal(a.attname), a.atttypid, a.atttypmod,
                       a.attnotnull, pg_catalog.pg_get_expr(d.adbin, d.adrelid)), ',' order by a.attnum)
              from pg_catalog.pg_attribute a
              left join pg_catalog.pg_attrdef d
                on d.adrelid = a.attrelid and d.adnum = a.attnum and a.attgenerated = 'v'
              where a.attrelid = m.relid and a.attnum > 0 and not a.attisdropped)), ';' order by m.relid::oid)
     from rowhook.table_tree(s.relid) m),
    (select string_agg(concat_ws(' ', g.relid::oid, g.name, g.missing, g.definition), ',' order by g.relid::oid, g.name)
     from rowhook.wanted_triggers(s.id) g),
    (select string_agg(to_jsonb(t)::text, ',' order by t.id) from rowhook.sink_table t where t.source_id = s.id),
    (select string_agg(concat_ws(' ', y.oid, y.typname, y.typnamespace, y.typowner, e.labels), ',' order by y.oid)
     from (
       select (p.value ->> 'type')::oid as oid
       from rowhook.sink_table t cross join lateral jsonb_array_elements(t.filter_parts) p
       where t.source_id = s.id and p.value ? 'type'
       union
       select rowhook.base_type(a.atttypid) from pg_catalog.pg_attribute a
       where a.attrelid = s.relid and a.attnum > 0 and a.atttypid >= 16384) u
     join pg_catalog.pg_type y on y.oid = u.oid
     left join lateral (
       select string_agg(l.enumlabel, ' ' order by l.enumsortorder) as labels
       from pg_catalog.pg_enum l where l.enumtypid = y.oid) e on true)))
  from rowhook.source s where s.id = p_source
$$;
