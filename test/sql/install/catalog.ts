// What a database holds of rowhook, as the catalogs describe it: two databases with the same lines have the same
// installation. Names, types, defaults, constraints, indexes, code, views, comments, grants; no oids, no data.
// What is made per user's table (capture functions and triggers) is left out.
import type { Sql } from 'postgres'

/** Sorted lines, one for each thing that is there. */
export async function catalog(sql: Sql): Promise<string[]> {
  const rows = await sql<{ line: string }[]>`
    with ours as (select oid, nspname from pg_namespace where nspname in ('rowhook', 'rowhook_worker'))
    -- partitions by day get no grants when they are made, and those of the next install: nobody goes through them
    select format('%s %s.%s %s persists %s grants %s', case c.relkind when 'p' then 'partitioned' else c.relkind::text end,
      n.nspname, c.relname, coalesce(c.reloptions::text, ''), c.relpersistence,
      case when not c.relispartition then (select string_agg(g::text, ' ' order by g::text) from unnest(c.relacl) g) end) as line
    from pg_class c join ours n on n.oid = c.relnamespace where c.relkind <> 'i' and c.relkind <> 'I'
    union all
    -- by name: where a column stands in its table is history, and nothing depends on it
    select format('column %s.%s.%s %s not null %s default %s generated %s%s acl %s', n.nspname, c.relname, a.attname,
      format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attgenerated, a.attidentity, (select string_agg(g::text, ' ' order by g::text) from unnest(a.attacl) g))
    from pg_attribute a join pg_class c on c.oid = a.attrelid join ours n on n.oid = c.relnamespace
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'c')
    union all
    select format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(o.oid))
    from pg_constraint o join ours n on n.oid = o.connamespace
    union all
    select format('index %s', pg_get_indexdef(i.indexrelid))
    from pg_index i join pg_class c on c.oid = i.indrelid join ours n on n.oid = c.relnamespace
    union all
    select format('function %s acl %s', case p.prokind when 'a' then p.proname else pg_get_functiondef(p.oid) end, (select string_agg(g::text, ' ' order by g::text) from unnest(p.proacl) g))
    from pg_proc p join ours n on n.oid = p.pronamespace where p.proname !~ '^capture_[0-9]+$'
    union all
    select format('view %s %s', c.oid::regclass, pg_get_viewdef(c.oid))
    from pg_class c join ours n on n.oid = c.relnamespace where c.relkind = 'v'
    union all
    select format('trigger %s', pg_get_triggerdef(t.oid))
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join ours n on n.oid = c.relnamespace where not t.tgisinternal
    union all
    select format('sequence %s.%s %s', s.schemaname, s.sequencename, row(data_type, start_value, min_value, max_value, increment_by, cycle))
    from pg_sequences s join ours n on n.nspname = s.schemaname
    union all
    select format('type %s.%s %s', n.nspname, t.typname, t.typtype) from pg_type t join ours n on n.oid = t.typnamespace
    union all
    select format('comment %s: %s', i.identity, d.description)
    from pg_description d cross join lateral pg_identify_object(d.classoid, d.objoid, d.objsubid) i
    where i.schema in (select nspname from ours) or i.identity in (select nspname from ours)
    union all
    select format('schema %s acl %s', n.nspname, (select string_agg(g::text, ' ' order by g::text) from unnest(s.nspacl) g)) from ours n join pg_namespace s on s.oid = n.oid
    union all
    select format('migration %s %s %s', id, name, checksum) from rowhook.migration
    union all
    select format('installation %s %s', version, functions_checksum) from rowhook.installation`
  return rows.map(({ line }) => line).toSorted()
}
