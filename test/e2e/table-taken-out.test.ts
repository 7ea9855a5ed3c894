import { expect, test } from 'vitest'
import { type Stage, type TestSink, ask, setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'

interface Shown {
  event_id: string
  table: string
  action: string
  record: Record<string, unknown> | null
  last_error: string
}

const messages = async (stage: Stage, sink: TestSink, state: string): Promise<Shown[]> => {
  const { data } = await ask(stage.rowhook, 'GET', `/api/sinks/${sink.name}/messages?state=${state}`)
  return (data as Shown[]).toReversed()
}

/** A sink of `kept` and `taken`, whose column `secret` it excludes. */
async function prepare(settings: object = {}) {
  const stage = await setStage()
  const { sql } = stage.database
  await sql`create table kept (id int primary key)`
  await sql`create table taken (id int primary key, n int, secret text)`
  const sink = await stage.sink({ table: 'kept', ...settings })
  const both = [{ name: 'kept' }, { name: 'taken', exclude_columns: ['secret'] }]
  await sink.change({ tables: both })
  // another sink stores the column that this one excludes
  await stage.sink({ table: 'taken', status: 'paused' })
  return { stage, sql, sink, both }
}

test('what fails of a table that is taken out of its sink is discarded, and everything else goes on', async () => {
  const { stage, sql, sink } = await prepare({ respond: { status: 500 }, batch_size: 10 })
  await sql.begin(async (tx) => {
    await tx`insert into taken values (1, 1, 'top')`
    await tx`insert into kept values (1)`
  })
  await sink.receiver.waitForRequests(1)
  await sql`update taken set n = 2, id = 2`
  await sink.change({ tables: [{ name: 'kept' }] })
  sink.receiver.respond({})
  await sql`insert into kept values (2)`
  const received = await sink.receiver.waitFor(2)
  expect(received.map(({ metadata }) => metadata['table_name'])).toEqual(['kept', 'kept'])
  await eventually(async () => {
    const discarded = await messages(stage, sink, 'discarded')
    expect(discarded.length).toBeGreaterThan(0)
    for (const one of discarded)
      expect(one).toMatchObject({ last_error: expect.stringContaining('taken out of the sink') })
    expect(JSON.stringify(discarded)).not.toContain('top')
    expect(await sink.show()).toMatchObject({ pending: 0, failing: 0, blocked_groups: 0 })
  })
})

test('what had not been read of such a table is discarded with its payload, less what the sink excluded', async () => {
  const { stage, sql, sink, both } = await prepare({ status: 'paused' })
  await sql`insert into taken select i, i, 'top' from generate_series(1, 3) i`
  await sql`insert into kept values (1)`
  await sql`update taken set n = 20 where id = 2`
  await sql`delete from taken where id = 3`
  const open = await sql.reserve() // committed after the edit, captured before
  await open`begin`
  await open`insert into taken values (9, 9, 'top')`
  await sink.change({ tables: [{ name: 'kept' }] })
  await open`commit`
  open.release()
  expect(await sink.show()).toMatchObject({ pending: 7, discarded: 0 })
  expect(JSON.stringify(await messages(stage, sink, 'pending'))).not.toContain('top')
  await sql`insert into taken values (10, 10, 'top')`

  await sink.change({ status: 'active' })
  expect((await sink.receiver.waitFor(1)).map(({ metadata }) => metadata['table_name'])).toEqual(['kept'])
  await eventually(async () =>
    expect(await sink.show()).toMatchObject({ pending: 0, discarded: 6, health: 'ok' }),
  )
  const discarded = await messages(stage, sink, 'discarded')
  expect(discarded.map(({ action, record }) => [action, record])).toEqual([
    ['insert', { id: 1, n: 1 }],
    ['insert', { id: 2, n: 2 }],
    ['insert', { id: 3, n: 3 }],
    ['update', { id: 2, n: 20 }],
    ['delete', { id: 3, n: 3 }],
    ['insert', { id: 9, n: 9 }],
  ])
  const [first] = discarded
  expect((await sink.call('GET', `/messages/${first!.event_id}`)).record).toEqual({ id: 1, n: 1 })
  const [row] = await sql`
    select count(*)::int from rowhook.messages where sink = ${sink.name} and record::text like '%top%'`
  expect(row).toEqual({ count: 0 })

  // put back, they can be sent
  await sink.change({ tables: both })
  await sink.call('POST', '/messages/redeliver', { state: 'discarded' })
  const received = (await sink.receiver.waitFor(7)).slice(1)
  for (const id of [1, 2, 3, 9]) {
    const of = (all: readonly { record: Record<string, unknown> | null }[]) =>
      all.map(({ record }) => record).filter((record) => record?.['id'] === id)
    expect(of(received)).toEqual(of(discarded))
  }
  await eventually(async () => expect(await sink.show()).toMatchObject({ pending: 0, discarded: 0 }))
})

test('put back before it was read, nothing happened', async () => {
  const { sql, sink, both } = await prepare({ status: 'paused' })
  await sql`insert into taken values (1, 1, 'top')`
  await sink.change({ tables: [{ name: 'kept' }] })
  await sql`insert into taken values (2, 2, 'top')`
  await sink.change({ tables: both })
  await sql`insert into taken values (3, 3, 'top')`
  await sink.change({ status: 'active' })
  const received = await sink.receiver.waitFor(2)
  expect(new Set(received.map(({ record }) => record?.['id']))).toEqual(new Set([1, 3]))
  await eventually(async () => expect(await sink.show()).toMatchObject({ pending: 0, discarded: 0 }))
})

test('a table that waits for an edit is taken out: what waited is discarded', async () => {
  const { stage, sql, sink } = await prepare()
  await sink.change({
    tables: [{ name: 'kept' }, { name: 'taken', filter: 'n > 0', exclude_columns: ['secret'] }],
  })
  await sql`alter table taken drop column n`
  await sql`insert into taken (id, secret) values (1, 'top'), (2, 'top')`
  await sql`insert into kept values (1)`
  await sink.receiver.waitFor(1)
  await eventually(async () => expect(await sink.show()).toMatchObject({ health: 'stale', pending: 2 }))
  await sink.change({ tables: [{ name: 'kept' }] })
  await eventually(async () =>
    expect(await sink.show()).toMatchObject({ health: 'ok', pending: 0, discarded: 2 }),
  )
  const discarded = await messages(stage, sink, 'discarded')
  expect(discarded.map(({ record }) => record)).toEqual([{ id: 1 }, { id: 2 }])
})
