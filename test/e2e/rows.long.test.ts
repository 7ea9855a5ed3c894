// message_type rows: of what waits, only the newest version of each row, and never an older one later.
import { expect, test } from 'vitest'
import { connect } from '../../src/db/connect.ts'
import { atEnd } from '../support/at-end.ts'
import { eventually } from '../support/eventually.ts'
import type { ReceivedMessage } from '../support/receiver.ts'
import { startRowhook } from '../support/rowhook-process.ts'
import { openShop } from './shop.ts'

const table =
  'create table orders (id int primary key, customer int not null default 0, version int not null default 0)'
const rows = { message_type: 'rows' }

/** Asserts that no row was sent in a version below one that was sent before. */
function expectOnlyForward(messages: readonly ReceivedMessage[]): void {
  const newest = new Map<unknown, number>()
  for (const { record } of messages) {
    const version = record!.version as number
    expect(version).toBeGreaterThanOrEqual(newest.get(record!.id) ?? 0)
    newest.set(record!.id, version)
  }
}

test('versions that wait behind a request are replaced by the newest', async () => {
  const shop = await openShop(table)
  await shop.makeSink(rows)
  const { sql, target } = shop
  let release = (): void => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  target.respond(async () => {
    await held
    return {}
  })
  await sql`insert into orders values (1), (2)`
  await target.waitForRequests(2)
  for (let version = 1; version <= 20; version++)
    await sql`update orders set version = ${version} where id = 1`
  await sql`update orders set version = 5 where id = 2`
  const settledTo = async () => Number((await sql`select max(id) as id from rowhook.event`)[0]!.id)
  expect(await settledTo()).toBe(23)
  // all is read once a later change of another row has come through
  await sql`insert into orders values (3)`
  await target.waitForRequests(3)
  release()
  const messages = await target.waitFor(5)
  expect(
    messages.map(({ record, action, changes }) => [record!.id, record!.version, action, changes]),
  ).toEqual(
    expect.arrayContaining([
      [1, 0, 'insert', null],
      [1, 20, 'update', null],
      [2, 5, 'update', null],
      [3, 0, 'insert', null],
    ]),
  )
  expectOnlyForward(messages)
})

test('deletes and truncates are not sent, and not captured for such a sink', async () => {
  const shop = await openShop(table)
  await shop.makeSink({
    ...rows,
    tables: [{ name: 'orders', actions: ['insert', 'update', 'delete', 'truncate'] }],
  })
  const { sql, target } = shop
  await sql`insert into orders values (1), (2)`
  await target.waitFor(2)
  await sql`delete from orders where id = 1`
  await sql`truncate orders`
  await sql`insert into orders values (3)`
  const messages = await target.waitFor(3)
  expect(messages.map(({ action }) => action)).toEqual(['insert', 'insert', 'insert'])
  expect((await sql`select action::text as a from rowhook.event`).map((e) => e.a)).toEqual(['i', 'i', 'i'])
})

test('while the receiver fails, what waits is replaced as well', async () => {
  const shop = await openShop(table)
  await shop.makeSink({ ...rows, concurrency: 4 })
  const { sql, target } = shop
  target.respond(({ messages }) => ({ status: messages[0]!.record!.id === 1 ? 500 : 200 }))
  await sql`insert into orders values (1)`
  await target.waitForRequests(1)
  for (let version = 1; version <= 30; version++) {
    await sql`update orders set version = ${version} where id = 1`
    await sql`insert into orders values (${100 + version})`
  }
  await target.waitFor(30)
  target.respond({})
  await eventually(() => expect(target.messages.at(-1)!.record).toMatchObject({ id: 1, version: 30 }), {
    timeoutMs: 15_000,
  })
  const ofRow = target.messages.filter(({ record }) => record!.id === 1)
  expectOnlyForward(ofRow)
  expect(ofRow.length).toBeLessThan(6)
})

test('a row that is read by a backfill takes its turn among its versions', async () => {
  const shop = await openShop(table)
  await shop.sql`insert into orders select i from generate_series(1, 50) i`
  await shop.makeSink(rows)
  const { sql, url, target } = shop
  let writing = true
  const own = connect(url, { max: 1 })
  atEnd(() => own.end())
  const writer = (async () => {
    while (writing) await own`update orders set version = version + 1 where id = 1 + floor(random() * 50)`
  })()
  for (let n = 1; n <= 4; n++) {
    await sql`call rowhook.backfill('orders')`
    await eventually(
      async () => expect(await sql`select from rowhook.backfill where state = 'completed'`).toHaveLength(n),
      { timeoutMs: 10_000 },
    )
  }
  writing = false
  await writer
  const expected = (await sql`select id, version from orders order by id`).map((r) => [r.id, r.version])
  const newest = () =>
    [
      ...new Map(target.messages.map(({ record }) => [record!.id as number, record!.version])).entries(),
    ].toSorted(([a], [b]) => a - b)
  await eventually(() => expect(newest()).toEqual(expected))
  expectOnlyForward(target.messages)
  expect(target.messages.some(({ action }) => action === 'read')).toBe(true)
})

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'no older version comes after a newer one, whatever fails and though dispatchers end by %s',
  async (signal) => {
    const shop = await openShop(table)
    await shop.makeSink({
      ...rows,
      batch_size: 3,
      concurrency: 8,
      tables: [{ name: 'orders', group_by: ['customer'] }],
    })
    const { sql, url, target } = shop
    await sql`insert into orders select i, i % 10 from generate_series(1, 40) i`
    let n = 0
    target.respond(() => (++n % 25 === 0 ? { status: 500 } : n % 11 === 0 ? { delayMs: 30 } : {}))
    let writing = true
    const writers = [1, 2].map(async () => {
      const own = connect(url, { max: 1 })
      while (writing) await own`update orders set version = version + 1 where id = 1 + floor(random() * 40)`
      await own.end()
    })
    atEnd(async () => {
      writing = false
      await Promise.all(writers)
    })
    let process = shop.rowhook
    for (let restarts = 0; restarts < 3; restarts++) {
      const before = target.messages.length
      await target.waitFor(before + 150, { timeoutMs: 20_000 })
      await process.kill(signal)
      process = await startRowhook({ url })
    }
    await target.waitFor(target.messages.length + 100, { timeoutMs: 20_000 })
    writing = false
    await Promise.all(writers)
    target.respond({})
    const expected = (await sql`select id, version from orders order by id`).map((r) => [r.id, r.version])
    const newest = () =>
      [
        ...new Map(target.messages.map(({ record }) => [record!.id as number, record!.version])).entries(),
      ].toSorted(([a], [b]) => a - b)
    await eventually(() => expect(newest()).toEqual(expected), { timeoutMs: 20_000 })
    expectOnlyForward(target.requests.flatMap(({ messages }) => messages))
  },
  90_000,
)
