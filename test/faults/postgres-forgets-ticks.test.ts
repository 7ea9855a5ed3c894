import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { insertItems } from '../support/items.ts'
import type { Receiver } from '../support/receiver.ts'

/** Where the log stands, to go back there as a server does that lost everything since. */
async function standOf(sql: Sql) {
  const [stand] = await sql`
    select (select max(id) from rowhook.tick) as tick, (select max(id) from rowhook.event) as event,
      (select json_object_agg(sequencename, last_value) from pg_sequences
       where schemaname = 'rowhook' and sequencename ~ '^(event|tick)_' and last_value is not null) as sequences`
  return stand as { tick: string; event: string; sequences: Record<string, number> }
}

async function goBackTo(sql: Sql, { tick, event, sequences }: Awaited<ReturnType<typeof standOf>>) {
  await sql.begin(async (tx) => {
    await tx`lock table rowhook.tick, rowhook.stream in exclusive mode`
    await tx`update rowhook.stream set tick_from = ${tick}, tick_to = ${tick}, last_id = 0, save = 0`
    await tx`delete from rowhook.tick where id > ${tick}`
    await tx`delete from rowhook.event where id > ${event}`
    for (const [name, value] of Object.entries(sequences))
      await tx`select setval(${`rowhook.${name}`}::regclass, ${value})`
  })
}

/** A sink that has delivered so many rows, all but the first two since `stand`. */
async function goOnTo(count: number) {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver } = await stage.sink({ batch_size: 1, concurrency: 1 })
  await insertItems(sql, table, 1, 2)
  await receiver.waitFor(2)
  await sleep(300)
  const stand = await standOf(sql)
  for (let i = 3; i <= count; i++) {
    await insertItems(sql, table, i, i)
    await sleep(20)
  }
  await receiver.waitFor(count)
  return { stage, sql, table, receiver, stand }
}

async function expectAll(receiver: Receiver, wanted: readonly number[]): Promise<void> {
  await eventually(
    () => {
      const ids = new Set(receiver.messages.map(({ record }) => Number(record?.['id'])))
      expect(wanted.filter((i) => !ids.has(i))).toEqual([])
    },
    { timeoutMs: 15_000 },
  )
}

// What a standby lacks that was behind when it was promoted: nobody who goes by it may go on.
test.each(['before its next save', 'before its next read'])(
  'a run whose ticks the server has forgotten begins anew: %s',
  async (when) => {
    const stage = await setStage()
    const { sql } = stage.database
    const { table, receiver } = await stage.sink({ batch_size: 1, concurrency: 1 })
    await insertItems(sql, table, 1, 2)
    await receiver.waitFor(2)
    // and a tick before the last one, to go back to
    await sleep(300)
    const answer = Promise.withResolvers<void>()
    if (when === 'before its next save') {
      receiver.respond(async () => {
        await answer.promise
        return {}
      })
    }
    await insertItems(sql, table, 3, 4)
    await receiver.waitForRequests(3)
    if (when === 'before its next read') await receiver.waitFor(4)
    await sql.begin(async (tx) => {
      await tx`lock table rowhook.tick, rowhook.stream in exclusive mode`
      // what the run has read last it forgets, what it has saved last it keeps
      const [kept] = await tx`
        select case when ${when === 'before its next save'} then st.tick_from
          else (select max(t.id) from rowhook.tick t where t.id < st.tick_from) end as tick
        from rowhook.stream st`
      await tx`update rowhook.stream set tick_from = ${kept!['tick']}, tick_to = ${kept!['tick']}, last_id = 0`
      await tx`delete from rowhook.tick where id > ${kept!['tick']}`
    })
    answer.resolve()
    receiver.respond({})
    await insertItems(sql, table, 5, 6)
    await eventually(
      () => {
        const ids = new Set(receiver.messages.map(({ record }) => Number(record?.['id'])))
        expect([...ids].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6])
      },
      { timeoutMs: 15_000 },
    )
    await eventually(async () => {
      const left = await sql`
        select from rowhook.stream st where not exists (select from rowhook.tick t where t.id = st.tick_to)`
      expect(left).toHaveLength(0)
    })
  },
)

test('what has come since ticks were forgotten is not hidden by those', async () => {
  const { sql, table, receiver, stand } = await goOnTo(39)
  await sleep(300)
  await goBackTo(sql, stand)
  const kept = Array.from({ length: 59 }, (_, i) => 101 + i)
  for (const i of kept) {
    await insertItems(sql, table, i, i)
    await sleep(20)
  }
  await expectAll(receiver, kept)
})

test('others take new ticks past those that are forgotten before a dispatcher looks: nothing is hidden', async () => {
  const { stage, sql, table, receiver, stand } = await goOnTo(12)
  await sleep(100)
  const [forgotten] = await sql`select count(*)::int as ticks from rowhook.tick where id > ${stand.tick}`

  // shorter than its lease: its run goes on
  stage.rowhook.signal('SIGSTOP')
  await goBackTo(sql, stand)
  const kept = Array.from({ length: forgotten!['ticks'] + 5 }, (_, i) => 101 + i)
  for (const i of kept) {
    await insertItems(sql, table, i, i)
    await sql`select rowhook.take_tick()`
  }
  stage.rowhook.signal('SIGCONT')
  await expectAll(receiver, kept)
})
