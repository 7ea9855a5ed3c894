-- rowhook.table_state(source): all that the entries of sinks are held against, as a text: the table and its
-- tree, the types that filters lean on, and the release of rowhook. What sinks want is not part of it, so a
-- sink that is saved does not make those of others be looked at anew; nor are triggers.
-- Only reads catalogs: see rowhook.source_fingerprint.
create or replace function rowhook.table_state(p_source int) returns text
language sql stable
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
as $$
  select concat_ws(';',
    (select i.functions_checksum from rowhook.installation i),
    s.relid::oid, rowhook.table_name(s.relid), rowhook.table_key(s.relid)::text,
    (select string_agg(i.inhparent::text, ' ' order by i.inhseqno)
     from pg_catalog.pg_inherits i where i.inhrelid = s.relid),
    (select string_agg(concat_ws(' ', m.relid::oid, m.kind, (
              select string_agg(concat_ws(' ', a.attnum, quote_literal(a.attname), a.atttypid, a.atttypmod, a.attcollation,
                       a.attnotnull, pg_catalog.pg_get_expr(d.adbin, d.adrelid)), ',' order by a.attnum)
              from pg_catalog.pg_attribute a
              left join pg_catalog.pg_attrdef d
                on d.adrelid = a.attrelid and d.adnum = a.attnum and a.attgenerated = 'v'
              where a.attrelid = m.relid and a.attnum > 0 and not a.attisdropped)), ';' order by m.relid::oid)
     from rowhook.table_tree(s.relid) m),
    nullif(rowhook.foreign_members(s.relid)::oid[], '{}')::text,
    (select string_agg(concat_ws(' ', y.oid, y.typname, y.typnamespace, y.typowner, e.labels), ',' order by y.oid)
     from (
       select (p.value ->> 'type')::oid as oid
       from rowhook.sink_table t cross join lateral jsonb_array_elements(t.filter_parts) p
       where t.source_id = s.id and t.filter_parts @? '$[*].type' and p.value ? 'type'
       union
       select rowhook.base_type(a.atttypid) from pg_catalog.pg_attribute a
       where a.attrelid = s.relid and a.attnum > 0 and a.atttypid >= 16384) u
     join pg_catalog.pg_type y on y.oid = u.oid
     left join lateral (
       select string_agg(l.enumlabel, ' ' order by l.enumsortorder) as labels
       from pg_catalog.pg_enum l where l.enumtypid = y.oid) e on true))
  from rowhook.source s where s.id = p_source
$$;
