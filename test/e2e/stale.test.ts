// Tables that were altered so that a sink's filter fits no longer: what waits, for how long, and what then.
import { expect, test } from 'vitest'
import { type Stage, type TestSink, setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'

const count = async ({ database: { sql } }: Stage, table: string): Promise<number> =>
  Number((await sql`select count(*) as count from ${sql(`rowhook.${table}`)}`)[0]!['count'])

const isStale = (sink: TestSink, pending: number) =>
  eventually(async () => expect(await sink.show()).toMatchObject({ health: 'stale', pending }), {
    timeoutMs: 10_000,
  })

const seenBy = (sink: TestSink) => sink.receiver.messages.map(({ record }) => record?.['v'])

test('what was captured before goes out, the rest waits in the log, and goes out in order after the edit', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  await sql`create table t (id int primary key, v text, n int)`
  const sink = await stage.sink({ table: 't', entry: { filter: 'n > 0' } })
  await sql`insert into t values (1, 'a', 1)`
  await sink.receiver.waitFor(1)
  await sql`alter table t drop column n`
  for (const v of ['b', 'c']) await sql`update t set v = ${v}`
  await isStale(sink, 2)
  for (let i = 0; i < 50; i++) await sql`update t set v = ${String(i)}`
  await isStale(sink, 52)
  // only what was met first is written down
  expect(await count(stage, 'held')).toBeLessThanOrEqual(2)
  const token = async () => (await sql`select token from rowhook.stream`)[0]!['token']
  const before = await token()
  await new Promise((resolve) => setTimeout(resolve, 5000))
  expect(await token()).toBe(before)

  await sink.change({ tables: [{ name: 't' }] })
  await sql`update t set v = 'last'`
  await sink.receiver.waitFor(54)
  expect(seenBy(sink)).toEqual(['a', 'b', 'c', ...Array.from({ length: 50 }, (_, i) => String(i)), 'last'])
  await eventually(async () => expect(await sink.show()).toMatchObject({ health: 'ok', pending: 0 }))
})

test('another table of the sink flows meanwhile, and nothing begins anew and again', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  await sql`create table t (id int primary key, v text, n int)`
  await sql`create table other (id int primary key, v text)`
  const sink = await stage.sink({ table: 't', entry: { filter: 'n > 0' } })
  await sink.change({ tables: [{ name: 't', filter: 'n > 0' }, { name: 'other' }] })
  await sql`alter table t drop column n`
  await sql`insert into t values (1, 'a'), (2, 'b')`
  await isStale(sink, 2)
  await sql`insert into other values (1, 'x')`
  await sink.receiver.waitFor(1)
  await eventually(
    async () => expect(await sql`select from rowhook.stream where owner is null`).toHaveLength(1),
    {
      timeoutMs: 15_000,
    },
  )
  const token = async () => (await sql`select token from rowhook.stream`)[0]!['token']
  const before = await token()
  await new Promise((resolve) => setTimeout(resolve, 5000))
  expect(await token()).toBe(before)
  await sql`update t set v = 'c' where id = 1`
  await sql`insert into other values (2, 'y')`
  await sink.receiver.waitFor(2)

  await sink.change({ tables: [{ name: 't' }, { name: 'other' }] })
  await sink.receiver.waitFor(5, { timeoutMs: 15_000 })
  expect(seenBy(sink).slice(0, 2)).toEqual(['x', 'y'])
  const ofFirst = sink.receiver.messages.filter(
    ({ record, metadata }) => record?.['id'] === 1 && metadata['table_name'] === 't',
  )
  expect(ofFirst.map(({ record }) => record?.['v'])).toEqual(['a', 'c'])
})
