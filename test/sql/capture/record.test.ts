import fc from 'fast-check'
import type postgres from 'postgres'
import { beforeAll, expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import { createDatabase } from '../../support/database.ts'
import { columns, settings, userTypes } from './arbitrary.ts'
import type { GeneratedColumn } from './arbitrary.ts'
import { capture, events } from './capturing.ts'

let sql: postgres.Sql
let url: string
let locales: string[]

beforeAll(async () => {
  ;({ sql, url } = await createDatabase())
  await sql.unsafe(userTypes)
  const found = await sql<
    { name: string }[]
  >`select 'C' as name union select collname from pg_collation where collname = 'en_US.utf8'`
  locales = found.map(({ name }) => name)
})

const runs = process.env['FULL'] === undefined ? 15 : 200

test(
  'record is what row_to_json prints under UTC and default settings, and changes are the old values of the columns that are distinct, whatever the session has set',
  { timeout: 300_000 },
  async () => {
    let table = 0
    await fc.assert(
      fc.asyncProperty(columns, settings, fc.boolean(), async (list, session, many) => {
        table += 1
        const name = `t${table}`
        await sql.unsafe(
          `create table ${name} (id int primary key, ${list.map((c) => `${quote(c.name)} ${c.type}`).join(', ')})`,
        )
        await sql.begin((tx) => insert(tx, name, list, many))
        await capture(sql, { name })
        const after = (await events(sql)).length
        const writer = connect(url, { max: 1 })
        try {
          for (const [setting, value] of Object.entries(session)) {
            if (setting === 'lc_monetary' && value !== 'C' && locales.length < 2) continue
            await writer.unsafe(`set ${setting} = ${setting === 'search_path' ? value : `'${value}'`}`)
          }
          await update(writer, name, list)
        } finally {
          await writer.end()
        }
        const stored = (await events(sql)).slice(after)
        const oracle = await expected(url, name, list)
        expect(stored.map((e) => e.record)).toEqual(oracle.changes === '{}' ? [] : oracle.records)
        for (const e of stored) expect(e).toMatchObject({ changes: oracle.changes, undecided: null })
        await sql.unsafe(`drop table ${name}`)
      }),
      { numRuns: runs, endOnFailure: true },
    )
  },
)

/** The rows, and a table of their new values: the writer then changes rows without reading any text. */
async function insert(
  tx: postgres.TransactionSql,
  name: string,
  list: GeneratedColumn[],
  many: boolean,
): Promise<void> {
  await tx.unsafe(
    `create table ${name}_after as select ${list.map((c, i) => `${one(c, 'after')} as v${i}`).join(', ')}`,
  )
  await tx.unsafe(
    `insert into ${name} select i, ${list.map((c) => one(c, 'before')).join(', ')} from generate_series(1, ${many ? 3 : 1}) i`,
  )
}

function one(column: GeneratedColumn, which: 'before' | 'after'): string {
  const value = column[which]
  return `${value === null ? 'null' : literal(value)}::${column.type}`
}

async function update(writer: postgres.Sql, name: string, list: GeneratedColumn[]): Promise<void> {
  await writer.unsafe(
    `update public.${name} set ${list.map((c, i) => `${quote(c.name)} = a.v${i}`).join(', ')} from public.${name}_after a`,
  )
}

/** What Postgres itself says, in a session of its own with default settings. */
async function expected(
  at: string,
  name: string,
  list: GeneratedColumn[],
): Promise<{ records: string[]; changes: string }> {
  const session = connect(at, { max: 1, connection: { search_path: 'pg_catalog', timezone: 'UTC' } })
  try {
    const records = await session.unsafe<{ record: string }[]>(
      `select row_to_json(t.*)::text as record from public.${name} t order by id`,
    )
    const entries: string[] = []
    for (const c of list) {
      const [row] = await session.unsafe<{ before: string; after: string }[]>(
        `select coalesce(to_json(${oneQualified(c, 'before')})::text, 'null') as before,
          coalesce(to_json(${oneQualified(c, 'after')})::text, 'null') as after`,
      )
      if (row!.before !== row!.after) entries.push(`${JSON.stringify(c.name)}:${row!.before}`)
    }
    return { records: records.map(({ record }) => record), changes: `{${entries.join(',')}}` }
  } finally {
    await session.end()
  }
}

function oneQualified(column: GeneratedColumn, which: 'before' | 'after'): string {
  const own = /^(mood|amount|label|pair|nested|span)\b/.test(column.type)
  return one({ ...column, type: own ? `public.${column.type}` : column.type }, which)
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`
const literal = (value: string) => `'${value.replaceAll("'", "''")}'`

test('a value of tens of megabytes is captured whole', async () => {
  await sql`create table big (id int primary key, doc text, raw bytea)`
  await capture(sql, { name: 'big' })
  await sql`insert into big values (1, repeat('x"', 10000000), decode(repeat('ab', 5000000), 'hex'))`
  await sql`update big set id = 2`
  const [event] = await sql<{ same: boolean }[]>`
    select e.record::text = row_to_json(b.*)::text as same
    from rowhook.event e join rowhook.source s on s.id = e.source_id and s.table_name = 'big', big b
    where e.action = 'u'`
  expect(event).toEqual({ same: true })
})
