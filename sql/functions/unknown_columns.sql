-- rowhook.unknown_columns(table): attnums of its virtual columns that capture cannot know: those that name tableoid, the
-- only system column that Postgres lets them name, of a table with partitions or children. Transition tables do not say
-- in which of them a row lies. They are captured as null. Of a table that stands alone, tableoid is known.
create or replace function rowhook.unknown_columns(p_relid oid) returns int2[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select a.attnum
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = p_relid and a.attgenerated = 'v' and not a.attisdropped
      and d.adbin::text like '%:varattno -6 %'
      and (exists (select from pg_catalog.pg_inherits i where i.inhparent = p_relid)
           or exists (select from pg_catalog.pg_class c where c.oid = p_relid and c.relkind = 'p')))
$$;
