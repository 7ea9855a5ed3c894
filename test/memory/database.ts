// The configuration tables in pg-mem: for modules that do nothing but plain CRUD through Kysely, in a
// few milliseconds. pg-mem knows no plpgsql, triggers and partitions, and returns the existing row from
// `on conflict do nothing`; what depends on any of it is tested in test/api, on a real Postgres.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DataType, newDb } from 'pg-mem'
import type { Db } from '../../src/db/kysely.ts'

const migration = readFileSync(join(import.meta.dirname, '../../sql/migrations/0001_schema.sql'), 'utf8')

/** An empty database with the tables that the stores of src/api write, as the migration makes them. */
export function memoryDatabase(): Db {
  const database = newDb()
  database.public.registerFunction({
    name: 'gen_random_uuid',
    returns: DataType.uuid,
    implementation: () => randomUUID(),
    impure: true,
  })
  database.createSchema('rowhook')
  for (const table of ['endpoint', 'sink', 'token', 'audit']) database.public.none(definitionOf(table))
  return database.adapters.createKysely() as Db
}

/** The `create table` of the migration, without what pg-mem does not understand. */
function definitionOf(table: string): string {
  const start = migration.indexOf(`create table rowhook.${table} (`)
  const definition = migration.slice(start, migration.indexOf('\n);', start) + 3)
  return withoutChecks(definition.replaceAll(/--.*/g, ''))
    .replaceAll(/references (rowhook\.\w+)/g, 'references $1 (id)')
    .replaceAll(/,\s*\)/g, ')')
}

/** Drops `check (…)`, whose conditions pg-mem cannot parse; that they hold is tested on a real Postgres. */
function withoutChecks(sql: string): string {
  const start = sql.indexOf('check (')
  if (start === -1) return sql
  let end = start + 'check ('.length
  for (let depth = 1; depth > 0; end++) depth += sql[end] === '(' ? 1 : sql[end] === ')' ? -1 : 0
  return withoutChecks(sql.slice(0, start) + sql.slice(end))
}
