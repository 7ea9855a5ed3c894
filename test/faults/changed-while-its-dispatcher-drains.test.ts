import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { flawless, insertItems, tallyOf } from '../support/items.ts'

test('what changes while a dispatcher waits for a slow request before it ends goes out as soon as it has ended', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const slow = Promise.withResolvers<object>()
  const { table, receiver } = await stage.sink({
    respond: (_, index) => (index === 0 ? slow.promise : {}),
  })
  await insertItems(sql, table, 1, 1)
  await eventually(() => expect(receiver.open).toBe(1))
  await stage.another()
  const ended = stage.rowhook.kill('SIGTERM')
  await eventually(async () => {
    const draining = await sql`select from rowhook.dispatcher where draining`
    expect(draining).toHaveLength(1)
  })
  const ticks = async () => (await sql<{ id: string }[]>`select max(id) as id from rowhook.tick`)[0]!.id
  const before = await ticks()
  await insertItems(sql, table, 2, 2)
  await eventually(async () => expect(await ticks()).not.toBe(before))
  slow.resolve({})
  expect(await ended).toMatchObject({ code: 0 })
  // the look at streams that lag behind, which would find it too, comes every 20 s
  await receiver.waitFor(2, { timeoutMs: 5000 })
  expect(await tallyOf(sql, table, receiver)).toMatchObject({ made: 2, ...flawless })
})

test('a dispatcher that is killed while the circuit is open has a successor within 10 s', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver, show, call } = await stage.sink({
    respond: { status: 503, headers: { 'retry-after': '3600' } },
  })
  await insertItems(sql, table, 1, 5)
  await eventually(async () => expect(await show()).toMatchObject({ health: 'failing' }))
  const heir = await stage.another()
  const owner = async () => (await sql`select owner from rowhook.stream`)[0]!['owner'] as string | null
  const dead = await owner()
  await stage.rowhook.kill('SIGKILL')
  stage.use(heir)
  await insertItems(sql, table, 6, 6)
  await eventually(async () => expect([null, dead]).not.toContain(await owner()), { timeoutMs: 10_000 })
  receiver.respond({})
  await call('POST', '/messages/redeliver', { state: 'failing' })
  expect(await tallyOf(sql, table, receiver, { timeoutMs: 5000 })).toMatchObject({ made: 6, ...flawless })
})
