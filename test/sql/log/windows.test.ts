// The log's promise, against concurrent writers and a reader that ticks and reads at random: every
// committed event is read once, and per row in the order of commits, whatever is open meanwhile.
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import { pulse, readWindow } from '../../../src/log/events.ts'
import { createDatabase } from '../../support/database.ts'

const rows = 24
const sourceId = 1

async function prepare(sql: Sql): Promise<void> {
  await sql`create table item (id int primary key, n int not null default 0)`
  await sql`insert into item select i, 0 from generate_series(1, ${rows}) i`
  await sql`
    insert into rowhook.source (relid, schema_name, table_name, key_columns)
    overriding system value values ('item', 'public', 'item', '{1}')`
}

/** Raises a row's counter and writes the event that a capture function would write. */
const change = `
  with changed as (update item set n = n + 1 where id = $1 returning id, n)
  insert into rowhook.event (source_id, action, captured_at, sinks, pks, record)
  select ${sourceId}, 'u', clock_timestamp(), '{1}', array[c.id::text], json_build_object('n', c.n)
  from changed c`

interface Step {
  row: number
  savepoint: 'none' | 'keep' | 'undo'
  sleepMs: number
}
interface Transaction {
  steps: Step[]
  commit: boolean
}

const step = fc.record({
  row: fc.integer({ min: 1, max: rows }),
  savepoint: fc.constantFrom('none' as const, 'none' as const, 'keep' as const, 'undo' as const),
  sleepMs: fc.constantFrom(0, 0, 0, 1, 3),
})
const transaction = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 4 }),
  commit: fc.constantFrom(true, true, true, true, false),
})

async function write(sql: Sql, transactions: readonly Transaction[]): Promise<void> {
  for (const t of transactions) {
    try {
      await sql.begin(async (tx) => {
        // in row order, so that writers wait for each other but never in a circle
        for (const s of t.steps.toSorted((a, b) => a.row - b.row)) {
          if (s.savepoint !== 'none') await tx.unsafe('savepoint s')
          await tx.unsafe(change, [s.row])
          if (s.savepoint === 'undo') await tx.unsafe('rollback to savepoint s')
          if (s.sleepMs > 0) await sleep(s.sleepMs)
        }
        if (!t.commit) throw new Error('rolled back on purpose')
      })
    } catch (error) {
      if (t.commit) throw error
    }
  }
}

interface Reader {
  seen: Map<number, number[]>
  readTo(tick: number, limit: () => number): Promise<void>
}

async function createReader(sql: Sql): Promise<Reader> {
  let from = (await pulse(sql, null)).tick
  const seen = new Map<number, number[]>()
  return {
    seen,
    async readTo(to, limit) {
      let after = 0
      while (from < to) {
        const size = limit()
        const chunk = await readWindow(sql, {
          sinkId: 1,
          sourceIds: [sourceId],
          from,
          to,
          after,
          limit: size,
          bytes: 1e9,
        })
        for (const e of chunk) {
          const list = seen.get(Number(e.pks[0])) ?? []
          list.push((JSON.parse(e.record!.toString()) as { n: number }).n)
          seen.set(Number(e.pks[0]), list)
        }
        if (chunk.length < size) break
        after = chunk.at(-1)!.event_id
      }
      from = to
    },
  }
}

async function expectAllOnceInOrder(sql: Sql, seen: Map<number, number[]>): Promise<void> {
  const final = await sql<{ id: number; n: number }[]>`select id, n from item order by id`
  for (const { id, n } of final) {
    expect(seen.get(id) ?? [], `row ${id}`).toEqual(Array.from({ length: n }, (_, i) => i + 1))
  }
}

test('concurrent writers, random ticks and chunk sizes: nothing lost, nothing twice, commit order per row', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(transaction, { minLength: 10, maxLength: 25 }), { minLength: 6, maxLength: 10 }),
      fc.array(
        fc.record({ pauseMs: fc.integer({ min: 0, max: 12 }), limit: fc.integer({ min: 1, max: 50 }) }),
        {
          minLength: 20,
          maxLength: 20,
        },
      ),
      async (writers, pace) => {
        const db = await createDatabase()
        await prepare(db.sql)
        const pool = connect(db.url, { max: writers.length + 1 })
        const reader = await createReader(db.sql)
        let writing = true
        const written = Promise.all(writers.map((w) => write(pool, w))).finally(() => (writing = false))
        // an unrelated writer that stays open all along
        const idle = pool.begin(async (tx) => {
          await tx.unsafe('create table other (x int)')
          while (writing) await sleep(5)
        })
        let turn = 0
        while (writing) {
          const { pauseMs, limit } = pace[turn++ % pace.length]!
          await sleep(pauseMs)
          await reader.readTo((await pulse(db.sql, null)).tick, () => limit)
        }
        await written
        await idle
        await reader.readTo((await pulse(db.sql, null)).tick, () => 7)
        await expectAllOnceInOrder(db.sql, reader.seen)
        await pool.end()
        await db.drop()
      },
    ),
    { numRuns: process.env['FULL'] === undefined ? 4 : 60 },
  )
}, 600_000)

/** Changes a row in a transaction that stays open; returns what commits it. */
async function changeAndStayOpen(pool: Sql, row: number): Promise<() => Promise<void>> {
  const began = Promise.withResolvers<void>()
  const mayEnd = Promise.withResolvers<void>()
  const open = pool.begin(async (tx) => {
    await tx.unsafe(change, [row])
    began.resolve()
    await mayEnd.promise
  })
  await began.promise
  return async () => {
    mayEnd.resolve()
    await open
  }
}

test('a transaction that stays open delays its own changes and no others', async () => {
  const db = await createDatabase()
  await prepare(db.sql)
  const pool = connect(db.url, { max: 3 })
  const reader = await createReader(db.sql)
  const commit = await changeAndStayOpen(pool, 1)
  await pool.unsafe(change, [2])
  await reader.readTo((await pulse(db.sql, null)).tick, () => 10)
  expect(reader.seen.get(2)).toEqual([1])
  expect(reader.seen.get(1)).toBeUndefined()
  await commit()
  await reader.readTo((await pulse(db.sql, null)).tick, () => 10)
  await expectAllOnceInOrder(db.sql, reader.seen)
  await pool.end()
})

test('no tick is taken while nothing happens, however often one is asked for', async () => {
  const db = await createDatabase()
  await prepare(db.sql)
  const { tick } = await pulse(db.sql, null)
  for (let i = 0; i < 5; i++) {
    await db.sql`update item set n = n where id = 1`
    expect((await pulse(db.sql, tick)).tick).toBe(tick)
  }
  await db.sql.unsafe(change, [1])
  expect((await pulse(db.sql, tick)).tick).toBeGreaterThan(tick)
})

test('of many that take a tick at once, ids follow the order of snapshots', async () => {
  const db = await createDatabase()
  await prepare(db.sql)
  const pool = connect(db.url, { max: 8 })
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 15; i++) {
        await pool.unsafe(change, [1 + Math.floor(Math.random() * rows)])
        await pulse(pool, null)
      }
    }),
  )
  const [row] = await db.sql`
    select count(*) filter (where pg_snapshot_xmax(snapshot)::text::bigint < before) as wrong, count(*) as ticks
    from (select snapshot, lag(pg_snapshot_xmax(snapshot)::text::bigint) over (order by id) as before
          from rowhook.tick) t`
  expect(Number(row!['ticks'])).toBeGreaterThan(5)
  expect(Number(row!['wrong'])).toBe(0)
  await pool.end()
})

// Of a transaction that has written before, the xid is older than what is read as the tick's `low`: a scan that
// began there would pass over whoever came in between.
test.each([
  [
    'a beat of one that sleeps',
    async (sql: Sql) => sql`select rowhook.beat(d.id, true) from rowhook.dispatcher d`,
  ],
  [
    'a look after a write of its own',
    async (sql: Sql) =>
      sql.begin(async (tx) => {
        await tx`update rowhook.dispatcher set host = 'b'`
        await tx`select rowhook.pulse(null)`
      }),
  ],
])('nothing is lost that began while a tick was about to be taken: %s', async (_, look) => {
  const db = await createDatabase()
  await prepare(db.sql)
  const pool = connect(db.url, { max: 3 })
  const reader = await createReader(db.sql)
  await db.sql`insert into rowhook.dispatcher (id, host, pid, version, beat_at) values (${crypto.randomUUID()}, 'a', 1, '1', rowhook.now())`
  // whatever the look writes takes a moment
  await db.sql.unsafe(`
    create function slowly() returns trigger language plpgsql as $$ begin perform pg_sleep(0.5); return null; end $$;
    create trigger slowly after insert or update or delete on rowhook.dispatcher for each statement execute function slowly()`)
  await db.sql.unsafe(change, [1])
  const looked = look(db.sql)
  await sleep(200)
  const commit = await changeAndStayOpen(pool, 2)
  // one that began later is over sooner
  await pool.unsafe(change, [4])
  await looked
  const [newest] = await db.sql`select max(id)::float8 as tick from rowhook.tick`
  await reader.readTo(newest!['tick'] as number, () => 10)
  // what came before it slept has woken it
  expect(await db.sql`select last_value::int as value from rowhook.sleep_seq`).not.toEqual([{ value: 2 }])
  await commit()
  await db.sql.unsafe(change, [3])
  await reader.readTo((await pulse(db.sql, null)).tick, () => 10)
  await expectAllOnceInOrder(db.sql, reader.seen)
  await pool.end()
})
