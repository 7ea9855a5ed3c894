// The one property that backfills are about: whoever upserts by key and deletes what is deleted, in the
// order of arrival, ends with the table, whatever other sessions do meanwhile and whoever is killed.
import type postgres from 'postgres'
import { expect, test } from 'vitest'
import { connect } from '../../src/db/connect.ts'
import { atEnd } from '../support/at-end.ts'
import { eventually } from '../support/eventually.ts'
import type { ReceivedMessage } from '../support/receiver.ts'
import { startRowhook } from '../support/rowhook-process.ts'
import { openShop } from './shop.ts'

/** Tables by the kind of their key: the columns that make it, and each key as SQL text, made of a number `i`. */
const kinds: Record<string, { columns: string; key: string; values: string; constraint?: string }> = {
  negative: { columns: 'k int', key: 'k', values: 'i - 300' },
  composite: { columns: 'tenant int, k bigint', key: 'tenant, k', values: 'i % 7 - 3, 9007199254740000 + i' },
  uuid: { columns: 'k uuid', key: 'k', values: 'md5(i::text)::uuid' },
  collated: {
    columns: 'k text collate "en-US-x-icu"',
    key: 'k',
    values: "(array['', 'a', 'A', 'ä', 'Z', 'ß', '-', '''', ':', ',', '\"', '\\', ' '])[i % 13 + 1] || i",
  },
  caseless: {
    columns: 'k text collate caseless',
    key: 'k',
    values: "case when i % 2 = 0 then 'KEY' else 'key' end || i",
  },
  enumerated: {
    columns: 'm mood, k int',
    key: 'm, k',
    values: "(array['happy', 'sad', 'so:so'])[i % 3 + 1]::mood, i",
  },
  infinite: {
    columns: 'k timestamptz',
    key: 'k',
    values: `case i when 0 then '-infinity' when 1 then 'infinity' else '1999-12-31 23:59:59.999999+00'::timestamptz + i * interval '1.000001 hours' end`,
  },
  numbers: {
    columns: 'k numeric',
    key: 'k',
    values: "case i when 0 then 'NaN' when 1 then -1e30 else (i - 300) * 1.50 end::numeric",
  },
  floats: {
    columns: 'k float8',
    key: 'k',
    values: "case i when 0 then 'NaN' when 1 then '-Infinity' else (i - 300) / 3.0 end::float8",
  },
  bytes: { columns: 'k bytea', key: 'k', values: "decode(md5(i::text), 'hex')" },
  padded: {
    columns: 'k char(6), l "char"',
    key: 'k, l',
    values: `i::text, (array['a', '\\377', ''])[i % 3 + 1]::"char"`,
  },
  arrays: { columns: 'k int[]', key: 'k', values: 'array[i % 5, null, i]' },
  domains: { columns: 'k code', key: 'k', values: "'c-' || i" },
  ranges: { columns: 'k int4range', key: 'k', values: 'int4range(i, i + 2)' },
  moments: {
    columns: 'd date, span interval',
    key: 'd, span',
    values: "date '2020-01-01' + i % 30, i * interval '1 day 90 seconds'",
  },
  identity: { columns: 'k int not null', key: 'k', values: 'i', constraint: 'unique' },
}

const definitions = Object.entries(kinds)
  .map(([name, { columns, key, constraint = 'primary key' }]) => {
    const table = `create table ${name} (${columns}, version bigint not null default nextval('versions'), note text,
      constraint ${name}_key ${constraint} (${key}));`
    return constraint === 'unique'
      ? `${table} alter table ${name} replica identity using index ${name}_key;`
      : table
  })
  .join('\n')

const schema = `
  create sequence versions;
  create collation caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  create type mood as enum ('sad', 'so:so', 'happy');
  create domain code as text check (value like 'c-%');
  ${definitions}`

/** How many numbers keys are made of. */
const numbers = 600

const insertion = (name: string, i: string) => {
  const { values } = kinds[name]!
  return `insert into ${name} select ${values}, default_version.v, 'note ' || i from (select ${i} as i) n, lateral (select nextval('versions') as v) default_version`
}

/** Writes at full speed until told to stop: inserts, updates, key changes, deletes, several a transaction. */
function write(sql: postgres.Sql, random: () => number): () => Promise<void> {
  let stopping = false
  const names = Object.keys(kinds)
  const pick = (n: number) => Math.floor(random() * n)
  const statement = () => {
    const name = names[pick(names.length)]!
    const { key, values } = kinds[name]!
    const i = pick(numbers)
    const where = `where (${key}) = (select ${values} from (select ${i} as i) n)`
    const version = `version = nextval('versions')`
    switch (pick(5)) {
      case 0:
        return `${insertion(name, String(i))} on conflict (${key}) do nothing`
      case 1:
        return `delete from ${name} ${where}`
      case 2:
        return `update ${name} set (${key}) = ${key.includes(',') ? '' : 'row'}(select ${values} from (select ${pick(numbers)} as i) n), ${version} ${where}`
      default:
        return `update ${name} set ${version}, note = 'at ' || clock_timestamp() ${where}`
    }
  }
  const done = (async () => {
    while (!stopping) {
      const statements = Array.from({ length: 1 + pick(4) }, statement)
      // a key that is taken, or a deadlock, undoes the whole transaction
      await sql
        .unsafe(`begin; ${statements.join('; ')}; ${pick(10) === 0 ? 'rollback' : 'commit'}`)
        .catch(() => sql.unsafe('rollback'))
    }
  })()
  return async () => {
    stopping = true
    await done
  }
}

type State = Map<string, unknown>
const keyOf = (table: unknown, pks: readonly string[]) => JSON.stringify([table, pks])

function replayed(messages: readonly ReceivedMessage[]): State {
  const state: State = new Map()
  for (const { action, record, metadata } of messages) {
    const { table_name: table, previous_pks: before, record_pks: pks } = metadata
    if (before !== null) state.delete(keyOf(table, before as string[]))
    if (action === 'delete') state.delete(keyOf(table, pks))
    else state.set(keyOf(table, pks), record)
  }
  return state
}

async function stored(sql: postgres.Sql): Promise<State> {
  const state: State = new Map()
  for (const [name, { key }] of Object.entries(kinds)) {
    const texts = key.split(', ').map((column) => `format('%s', ${column})`)
    const rows = await sql.unsafe(`
      set timezone = 'UTC'; set datestyle = 'ISO'; set intervalstyle = 'postgres'; set bytea_output = 'hex';
      select array[${texts.join(', ')}]::text[] as pks, row_to_json(t)::text as record from ${name} t`)
    for (const { pks, record } of rows.at(-1) as unknown as { pks: string[]; record: string }[]) {
      state.set(keyOf(name, pks), JSON.parse(record))
    }
  }
  return state
}

const tables = Object.keys(kinds).map((name) => ({ name }))

async function fill(sql: postgres.Sql): Promise<void> {
  for (const name of Object.keys(kinds)) {
    await sql.unsafe(
      insertion(name, `generate_series(0, ${numbers - 1}, 2)`).replace(
        /select generate_series\((.*?)\) as i/,
        'select generate_series($1) as i',
      ),
    )
  }
}

function startWriters(url: string, count: number): () => Promise<void> {
  const stops = Array.from({ length: count }, (_, seed) => {
    const sql = connect(url, { max: 1 })
    let state = seed + 1
    const stop = write(sql, () => (state = (state * 48271) % 2147483647) / 2147483647)
    return async () => {
      await stop()
      await sql.end()
    }
  })
  const stopAll = async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()))
  }
  atEnd(stopAll)
  return stopAll
}

test('the state rebuilt from messages is the table, with every kind of key, while others write', async () => {
  const { url, sql, target, rowhook, makeSink } = await openShop(schema)
  await fill(sql)
  await makeSink({ tables, batch_size: 5 })
  const stopWriters = startWriters(url, 3)
  await eventually(() => expect(target.messages.length).toBeGreaterThan(200))
  const made = await rowhook.api('POST', '/api/sinks/orders/backfills', { tables })
  expect(made.status).toBe(201)
  // small chunks, so that many fall between the changes
  await sql`update rowhook.backfill_table set chunk_size = 50`
  await eventually(
    async () => {
      const { body } = await rowhook.api('GET', `/api/sinks/orders/backfills/${made.body.id}`)
      expect(body).toMatchObject({ state: 'completed', error: null })
    },
    { timeoutMs: 60_000 },
  )
  await stopWriters()
  const expected = await stored(sql)
  await eventually(() => expect(replayed(target.messages)).toEqual(expected), {
    timeoutMs: 30_000,
    everyMs: 200,
  })

  expect(target.messages.filter(({ action }) => action === 'read').length).toBeGreaterThan(
    tables.length * 100,
  )
  const newest = new Map<string, number>()
  for (const { record, metadata } of target.messages) {
    const key = keyOf(metadata.table_name, metadata.record_pks)
    const version = record!.version as number
    expect(version).toBeGreaterThanOrEqual(newest.get(key) ?? 0)
    newest.set(key, version)
  }
})

test('no row goes back to an older version: few rows, written all the time, read again and again', async () => {
  const { url, sql, target, rowhook, makeSink } = await openShop(
    'create table orders (id int primary key, version int not null)',
  )
  await sql`insert into orders select i, 0 from generate_series(1, 20) i`
  await makeSink({ batch_size: 5 })
  let writing = true
  const writer = async (offset: number) => {
    const own = connect(url, { max: 1 })
    for (let i = offset; writing; i++)
      await own`update orders set version = version + 1 where id = ${(i % 20) + 1}`
    await own.end()
  }
  const writers = Promise.all([writer(0), writer(7), writer(13)])
  for (let n = 0; n < 15; n++) {
    await sql`call rowhook.backfill('orders')`
    await eventually(
      async () => {
        const { body } = await rowhook.api('GET', '/api/sinks/orders/backfills?limit=1')
        expect(body.data[0]).toMatchObject({ state: 'completed', rows_done: 20 })
      },
      { everyMs: 5, timeoutMs: 30_000 },
    )
  }
  writing = false
  await writers
  const newest = new Map<unknown, number>()
  for (const { record } of target.messages) {
    const version = record!.version as number
    expect(version).toBeGreaterThanOrEqual(newest.get(record!.id) ?? 0)
    newest.set(record!.id, version)
  }
})

test('the same holds when dispatchers are killed meanwhile', async () => {
  const { url, sql, target, rowhook, makeSink } = await openShop(schema)
  await fill(sql)
  await makeSink({ tables, batch_size: 5 })
  const stopWriters = startWriters(url, 2)
  const { body: backfill } = await rowhook.api('POST', '/api/sinks/orders/backfills', { tables })
  await sql`update rowhook.backfill_table set chunk_size = 50`
  const progress = async () =>
    Number((await sql`select sum(rows_done) as rows from rowhook.backfill_table`)[0]!.rows)
  let process = rowhook
  for (const share of [0.2, 0.5]) {
    await eventually(async () => expect(await progress()).toBeGreaterThan(share * tables.length * 250), {
      timeoutMs: 60_000,
    })
    await process.kill('SIGKILL')
    process = await startRowhook({ url })
  }
  await eventually(
    async () => {
      const { body } = await process.api('GET', `/api/sinks/orders/backfills/${backfill.id}`)
      expect(body).toMatchObject({ state: 'completed', error: null })
    },
    { timeoutMs: 40_000 },
  )
  await stopWriters()
  const expected = await stored(sql)
  const arrived = () => replayed(target.requests.flatMap(({ messages }) => messages))
  await eventually(() => expect(arrived()).toEqual(expected), { timeoutMs: 60_000, everyMs: 200 })
})
