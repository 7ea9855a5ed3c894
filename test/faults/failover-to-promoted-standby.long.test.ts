import { expect, test } from 'vitest'
import { connect } from '../../src/db/connect.ts'
import { atEnd } from '../support/at-end.ts'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { changeItems, insertItems, keepChanging, tallyOf } from '../support/items.ts'
import { proxy } from '../support/proxy.ts'
import { type Pair, synchronousPair } from '../support/standby.ts'

/** What a stage needs of a database that outlives neither server. */
const databaseAt = (url: string) => {
  const sql = connect(url, { max: 4 })
  atEnd(() => sql.end({ timeout: 1 }))
  return { url, adminUrl: url, name: 'shop', sql, drop: async () => {} }
}

test('a failover behind one address loses nothing that was acknowledged, and breaks no order', async () => {
  const { urls, primary, promote } = await synchronousPair()
  const address = await proxy(urls.primary)
  const database = databaseAt(address.url)
  const { sql } = database
  const stage = await setStage({ database })
  let failing = false
  const { table, receiver } = await stage.sink({
    batch_size: 3,
    // some batches are frozen, and others held behind them, when the primary dies
    respond: ({ messages }) => ({
      status: failing && Number(messages[0]!.record!['id']) % 7 === 0 ? 500 : 200,
    }),
  })
  await insertItems(sql, table, 1, 30)
  const writer = keepChanging(sql, table, 30, 100)
  await receiver.waitFor(150)
  failing = true
  await receiver.waitFor(receiver.messages.length + 60)

  await primary.kill()
  address.leadTo(urls.standby) // not promoted yet: it refuses every write
  address.cut()
  address.resume()
  await stage.rowhook.waitForLog(({ err }) => (err as { code?: string } | undefined)?.code === '25006')
  await promote()
  failing = false
  await receiver.waitFor(receiver.messages.length + 150, { timeoutMs: 30_000 })
  const committed = await writer.stop()
  const tally = await tallyOf(sql, table, receiver, { timeoutMs: 30_000 })
  expect(tally).toMatchObject({ lost: 0, outOfOrder: 0 })
  expect(tally.duplicated).toBeLessThan(200)
  expect(tally.made).toBeGreaterThan(committed) // each statement changed one to three rows
  await stage.rowhook.kill('SIGTERM')
})

test('with both servers in the URL a dispatcher finds the new primary by itself', async () => {
  const pair = await synchronousPair()
  // the standby first: whoever takes the first host that answers cannot write
  const stage = await setStage({ database: databaseAt(bothIn(pair)) })
  const { sql } = stage.database
  const { table, receiver } = await stage.sink({})
  await insertItems(sql, table, 1, 10)
  await receiver.waitFor(10)
  await pair.primary.kill()
  await pair.promote()
  const after = databaseAt(pair.urls.standby).sql
  for (let round = 0; round < 10; round += 1) await changeItems(after, table)
  await receiver.waitFor(110, { timeoutMs: 30_000 })
  expect(await tallyOf(after, table, receiver)).toMatchObject({ lost: 0, outOfOrder: 0 })
  await stage.rowhook.kill('SIGTERM')
})

test('a failover to a standby that was behind loses nothing of what that one has, and nothing that comes after', async () => {
  const pair = await synchronousPair()
  const address = await proxy(pair.urls.primary)
  const database = databaseAt(address.url)
  const { sql } = database
  const stage = await setStage({ database })
  await stage.another({ args: ['--no-api'] })
  // some fail for good, some fail at first, some are held behind those
  const { table, receiver } = await stage.sink({
    batch_size: 3,
    max_retry_count: 1,
    entry: { group_by: ['note'] },
    respond: ({ headers, messages }) => ({
      status: messages.some(({ record }) => {
        const id = Number(record!['id'])
        return id % (headers['rowhook-attempt'] === '1' ? 7 : 35) === 0
      })
        ? 500
        : 200,
    }),
  })
  const insert = async (into: typeof sql, from: number, to: number) => {
    for (let id = from; id <= to; id += 1) await insertItems(into, table, id, id, `group ${id % 11}`)
  }
  await insert(sql, 1, 100)
  await receiver.waitFor(90)
  await pair.part()
  // more than the 32 numbers that a sequence is ahead in what the standby has of it
  let lost = 1000
  const losing = setInterval(() => void insert(sql, (lost += 1), lost).catch(() => {}), 30)
  await receiver.waitFor(receiver.messages.length + 80)
  await pair.promote()
  const after = databaseAt(pair.urls.standby).sql
  const newest = async (on: typeof sql) =>
    Number((await on`select max(id) as id from rowhook.tick`)[0]!['id'])
  // what others take who are there first
  for (let id = 2001; id <= 2100 || (await newest(after)) <= (await newest(sql)); id += 1) {
    await insert(after, id, id)
    await after`select rowhook.take_tick()`
  }
  clearInterval(losing)
  address.leadTo(pair.urls.standby)
  address.cut()
  address.resume()
  await insert(after, 3001, 3100)
  const isThere = await after`select id from ${after(table)} order by id`
  await eventually(
    async () => {
      const discarded = await after<{ id: number }[]>`
        select (d.record ->> 'id')::int as id from rowhook.discarded d where d.record is not null`
      const done = new Set([
        ...receiver.messages.map(({ record }) => record!['id']),
        ...discarded.map(({ id }) => id),
      ])
      expect(isThere.map(({ id }) => id).filter((id) => !done.has(id))).toEqual([])
    },
    { timeoutMs: 60_000, everyMs: 200 },
  )
  const ids = isThere.map(({ id }) => id as number)
  expect(ids.filter((id) => id < 1000)).toHaveLength(100)
  expect(ids.filter((id) => id > 1000 && id < 2000)).toHaveLength(0)
  await stage.rowhook.kill('SIGTERM')
})

const bothIn = ({ standby, primary }: Pair) =>
  `postgres://postgres@127.0.0.1:${standby.port},127.0.0.1:${primary.port}/shop?target_session_attrs=read-write`
