// What happens to a message that a receiver does not take.
import { beforeAll, expect, test } from 'vitest'
import { type Stage, setStage } from '../../support/delivery.ts'
import { eventually } from '../../support/eventually.ts'
import { changeItems, flawless, insertItems, tallyOf } from '../../support/items.ts'

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
})

const gaps = (times: readonly number[]) => times.slice(1).map((at, i) => at - times[i]!)

test('a failed request is made again after 1, 2, 4 seconds, with the same webhook-id and members', async () => {
  const { sql } = stage.database
  const { table, receiver } = await stage.sink({ respond: (_, at) => ({ status: at < 3 ? 500 : 200 }) })
  await insertItems(sql, table, 1, 1)
  await receiver.waitFor(1)
  const { requests } = receiver
  expect(requests.map(({ headers }) => headers['rowhook-attempt'])).toEqual(['1', '2', '3', '4'])
  expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  expect(new Set(requests.map(({ body }) => body)).size).toBe(1)
  for (const [i, gap] of gaps(requests.map(({ at }) => at)).entries()) {
    expect(gap).toBeGreaterThan(2 ** i * 850 - 20)
    expect(gap).toBeLessThan(2 ** i * 1150 + 300)
  }
})

test('max_retry_count 0 means one request; then the message is discarded with its payload', async () => {
  const { sql } = stage.database
  const { table, receiver, call, show } = await stage.sink({ respond: { status: 500 }, max_retry_count: 0 })
  await insertItems(sql, table, 1, 1)
  const [message] = await eventually(async () => {
    const { data } = await call('GET', '/messages?state=discarded')
    expect(data).toHaveLength(1)
    return data
  })
  expect(message).toMatchObject({
    record: { id: 1, n: 0 },
    attempts: 1,
    last_error: '500 Internal Server Error',
  })
  expect(receiver.requests).toHaveLength(1)
  expect(await show()).toMatchObject({ discarded: 1, failing: 0, pending: 0, blocked_groups: 0 })
})

test('beyond max_retry_count the message is discarded and its group goes on', async () => {
  const { sql } = stage.database
  const { table, receiver, call } = await stage.sink({
    respond: ({ messages }) => ({ status: messages[0]?.record?.['n'] === 0 ? 500 : 200 }),
    max_retry_count: 1,
  })
  await insertItems(sql, table, 1, 1)
  await changeItems(sql, table)
  await changeItems(sql, table)
  await receiver.waitFor(2)
  expect(receiver.requests.map(({ messages }) => messages[0]!.record!['n'])).toEqual([0, 0, 1, 2])
  const { data } = await call('GET', '/messages?state=discarded')
  expect(data).toMatchObject([{ record: { n: 0 }, attempts: 2 }])
})

test('Retry-After on 503 is waited for when it is longer than the backoff', async () => {
  const { sql } = stage.database
  const { table, receiver } = await stage.sink({
    respond: (_, at) => (at === 0 ? { status: 503, headers: { 'retry-after': '3' } } : {}),
  })
  await insertItems(sql, table, 1, 1)
  await receiver.waitFor(1)
  const [gap] = gaps(receiver.requests.map(({ at }) => at))
  expect(gap).toBeGreaterThan(2990)
  expect(gap).toBeLessThan(3500)
})

test('410 pauses the sink and says so; what was sent waits with it', async () => {
  const { sql } = stage.database
  const { table, receiver, show, call } = await stage.sink({ respond: { status: 410 } })
  await insertItems(sql, table, 1, 1)
  await eventually(async () => {
    expect(await show()).toMatchObject({ status: 'paused', status_reason: expect.stringContaining('410') })
  })
  receiver.respond({})
  await call('POST', '/resume')
  await changeItems(sql, table)
  expect(await tallyOf(sql, table, receiver)).toEqual({ made: 2, ...flawless })
})

test('a partial acknowledgement settles the others, and what failed is a new batch with attempt 1', async () => {
  const { sql } = stage.database
  const { table, receiver, call } = await stage.sink({
    batch_size: 10,
    respond: (_, at) => (at === 0 ? { fail: ({ record }) => record?.['id'] === 3 } : {}),
  })
  await insertItems(sql, table, 1, 5)
  await receiver.waitFor(5)
  const [first, second] = receiver.requests
  expect(first!.messages.map(({ record }) => record!['id'])).toEqual([1, 2, 3, 4, 5])
  expect(second!.messages.map(({ record }) => record!['id'])).toEqual([3])
  expect(second!.headers['rowhook-attempt']).toBe('1')
  expect(second!.headers['webhook-id']).not.toBe(first!.headers['webhook-id'])
  expect(second!.messages[0]!.metadata).toEqual(first!.messages[2]!.metadata)
  expect(await tallyOf(sql, table, receiver)).toEqual({ made: 5, ...flawless })
  await eventually(async () => {
    const { data } = await call('GET', '/deliveries')
    const log = data.map(({ outcome, error }: { outcome: string; error: string | null }) => [outcome, error])
    expect(log.toReversed()).toEqual([
      ['ok', 'the receiver named 1 of 5 messages as failed'],
      ['ok', null],
    ])
  })
})

test('an answer that names every message as failed is a failure of the batch, in the log, too', async () => {
  const { sql } = stage.database
  const { table, receiver, call } = await stage.sink({
    batch_size: 10,
    respond: (_, at) => (at === 0 ? { fail: () => true } : {}),
  })
  await insertItems(sql, table, 1, 2)
  await receiver.waitFor(2)
  expect(receiver.requests.map(({ headers }) => headers['rowhook-attempt'])).toEqual(['1', '2'])
  await eventually(async () => {
    const { data } = await call('GET', '/deliveries?outcome=failed')
    expect(data).toMatchObject([{ status: 200, error: '200, but every message named as failed' }])
  })
})

test('a group whose message was not acknowledged waits, while the rest of the sink goes on', async () => {
  const { sql } = stage.database
  let healthy = false
  const { table, receiver } = await stage.sink({
    batch_size: 4,
    respond: () => (healthy ? {} : { fail: ({ record }) => record?.['id'] === 1 }),
  })
  await insertItems(sql, table, 1, 4)
  await receiver.waitFor(3)
  await changeItems(sql, table)
  await changeItems(sql, table)
  await receiver.waitFor(9)
  healthy = true
  expect(await tallyOf(sql, table, receiver)).toEqual({ made: 12, ...flawless })
})

test('what an answer names as failed does not count as acknowledged in the activity of its sink', async () => {
  const { sql } = stage.database
  const { table, receiver, call } = await stage.sink({
    batch_size: 10,
    max_retry_count: 0,
    respond: { fail: ({ record }) => Number(record!['id']) > 7 },
  })
  await insertItems(sql, table, 1, 10)
  await receiver.waitFor(7)
  const activity = await eventually(
    async () => {
      const { data } = await call('GET', '/activity')
      expect(data).toHaveLength(1)
      return data[0]
    },
    { timeoutMs: 20_000 },
  )
  expect(activity).toMatchObject({ messages: 7, requests: 1, failed: 0 })
})
