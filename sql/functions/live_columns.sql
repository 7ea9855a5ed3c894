-- rowhook.live_columns(table): its columns as they are now, in order; none for a table that is gone.
--   attnum, name, type_oid (pg_type.oid), collation_oid (pg_collation.oid; null for none and for the default)
-- Reads nothing by snapshot: in a repeatable read transaction that began before another session's
-- DDL, pg_attribute still shows the old columns, while statements already run against the new ones.
-- pg_identify_object_as_address and the parser ask the caches that the running statement uses too.
-- Who holds no lock on the table may find it altered between the two, and then looks again.
create or replace function rowhook.live_columns(p_relid oid)
returns table (attnum int2, name text, type_oid oid, collation_oid oid)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_attnums  int2[];
  v_names    text[];
  v_types    oid[];
  v_collations  text[];
  v_name     text;
  v_looks    int := 0;
begin
  loop
    v_attnums := '{}';
    v_names := '{}';
    for i in 1..1600 loop
      select (a.object_names)[3] into v_name
      from pg_catalog.pg_identify_object_as_address('pg_catalog.pg_class'::regclass, p_relid, i) a;
      exit when v_name is null;
      if v_name not like '........pg.dropped.%........' then
        v_attnums := v_attnums || i::int2;
        v_names := v_names || v_name;
      end if;
    end loop;
    if v_names = '{}' then
      return;
    end if;
    v_looks := v_looks + 1;
    begin
      -- the function is never called: the parser alone knows the columns' types and collations, and no cast is made
      execute (
        select format('select array[%s]::oid[], array[%s]::text[] from (select) one left join %s n on false',
                 string_agg(format('pg_catalog.pg_typeof(n.%I)', n.name), ', ' order by n.at),
                 string_agg(format('pg_catalog.pg_collation_for(case when false then n.%I::pg_catalog.text end)', n.name),
                   ', ' order by n.at),
                 format('pg_catalog.json_populate_record(null::%s, null)', p_relid::regclass))
        from unnest(v_names) with ordinality n(name, at))
      into v_types, v_collations;
      exit;
    exception when undefined_column then
      if v_looks = 5 then
        raise;
      end if;
    end;
  end loop;
  return query
    select u.attnum, u.name, u.type_oid, nullif(u.its_collation, '"default"')::regcollation::oid
    from unnest(v_attnums, v_names, v_types, v_collations) u(attnum, name, type_oid, its_collation);
end
$$;
