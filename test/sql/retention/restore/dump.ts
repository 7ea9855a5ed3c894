// A dump and restore. With pg_dump, where there is one that knows the server; and without, in the order in
// which it works: tables, rows, sequences, indexes, functions and triggers.
import { spawnSync } from 'node:child_process'
import { pipeline } from 'node:stream/promises'
import type { Sql } from 'postgres'
import { connect } from '../../../../src/db/connect.ts'
import { install } from '../../../../src/db/install.ts'
import { readRelease } from '../../../../src/db/release.ts'

/** Copies the database at `from` into the empty one at `to`. `tables` are the user's, as DDL. */
export type Restore = (from: string, to: string, tables: string) => Promise<void>

/** Whether this machine has a pg_dump for a server of this major. */
export function hasPgDump(serverMajor: number): boolean {
  const { stdout } = spawnSync('pg_dump', ['--version'], { encoding: 'utf8' })
  return Number(/\d+/.exec(stdout ?? '')?.[0] ?? 0) >= serverMajor
}

/** The real thing. Roles belong to the cluster: the other one may not have those that a dump grants to. */
export const withPgDump: Restore = async (from, to) => {
  const { stdout, stderr, status } = spawnSync('pg_dump', ['--no-privileges', from], {
    encoding: 'utf8',
    maxBuffer: 1e9,
  })
  if (status !== 0) throw new Error(stderr)
  const restored = spawnSync('psql', ['-q', '-v', 'ON_ERROR_STOP=1', to], { input: stdout, encoding: 'utf8' })
  if (restored.status !== 0) throw new Error(restored.stderr)
}

/** What pg_dump and psql would do, for rowhook's schema and the user's tables. */
export const byHand: Restore = async (from, to, tables) => {
  const [source, target] = [connect(from, { max: 2 }), connect(to, { max: 1 })]
  try {
    // so that our tables get other oids than an install gives them
    await target.unsafe('create table filler_1 (id serial primary key, t text); drop table filler_1')
    await target.unsafe(tables)
    await install(to, readRelease())
    await target.unsafe('set session_replication_role = replica')
    await copyRows(source, target)
    for (const { name, value } of await source`
      select format('%I.%I', schemaname, sequencename) as name, coalesce(last_value, 0)::text as value
      from pg_sequences where schemaname = 'rowhook'`) {
      if (value !== '0') await target`select setval(${name as string}::regclass, ${value as string})`
    }
    await target.unsafe(
      'drop index rowhook.event_source_id_id_idx; create index on rowhook.event (source_id, id)',
    )
    for (const { text } of await source`
      select pg_get_functiondef(p.oid) as text from pg_proc p
      where p.pronamespace = 'rowhook'::regnamespace and p.proname ~ '^capture_[0-9]+$'
      union all
      select pg_get_triggerdef(t.oid) from pg_trigger t where t.tgname ~ '^00_rowhook_'`) {
      await target.unsafe(text as string)
    }
  } finally {
    await source.end()
    await target.end()
  }
}

async function copyRows(source: Sql, target: Sql): Promise<void> {
  const parts = await source`
    select p.parent, right(p.name, 8) as day
    from (select 'event' as parent, name from rowhook.partitions('event')
      union all select 'delivery', name from rowhook.partitions('delivery')) p`
  for (const { parent, day } of parts)
    await target`select rowhook.create_partition(${parent as string}, to_date(${day as string}, 'YYYYMMDD'))`
  const names = (
    await source`
    select format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname in ('rowhook', 'public')`
  ).map((row) => row['name'] as string)
  await target.unsafe(`truncate ${names.filter((name) => name.startsWith('rowhook.')).join(', ')}`)
  for (const name of names) {
    const columns = (
      await source`
      select string_agg(quote_ident(attname), ', ' order by attnum) as list from pg_attribute
      where attrelid = ${name}::regclass and attnum > 0 and not attisdropped and attgenerated = ''`
    )[0]!['list'] as string
    const rows = await source.unsafe(`copy ${name} (${columns}) to stdout`).readable()
    await pipeline(rows, await target.unsafe(`copy ${name} (${columns}) from stdin`).writable())
  }
}
