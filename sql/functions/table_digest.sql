-- rowhook.table_digest(table): a digest of all that generated code takes for granted about a table:
-- its columns (number, name, type, collation), its key, and the expressions of its virtual columns. So does the
-- table's name, although no code needs it: who reads a change that was captured under another one looks it up.
-- Of that, too, nothing is asked by snapshot (rowhook.live_columns): in the name of a regclass there is none.
-- The same in every session: expressions are printed under pinned settings.
create or replace function rowhook.table_digest(p_relid oid) returns text
language sql stable
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
set timezone = 'UTC'
set datestyle = 'ISO, MDY'
set intervalstyle = 'postgres'
set bytea_output = 'hex'
set extra_float_digits = 1
as $$
  select md5(concat(
    p_relid::regclass,
    ';', (select string_agg(concat_ws(' ', c.attnum, quote_literal(c.name), c.type_oid, c.collation_oid), ',' order by c.attnum)
     from rowhook.live_columns(p_relid) c),
    ';', rowhook.table_key(p_relid)::text,
    ';', (select string_agg(format('%s %s', v.attnum, v.expression), ',' order by v.attnum)
          from rowhook.virtual_columns(p_relid) v)))
$$;
