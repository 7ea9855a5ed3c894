// Operator alerts: an endpoint is told what became of a sink, signed like any other.
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { ask, setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { insertItems } from '../support/items.ts'
import { type ReceivedRequest, type Receiver, receiver } from '../support/receiver.ts'

async function setUp() {
  const stage = await setStage()
  const operator = await receiver()
  const { signing_secret } = await ask(stage.rowhook, 'POST', '/api/endpoints', {
    name: 'operator',
    url: operator.url,
  })
  const sink = await stage.sink({ alert_endpoint: 'operator' })
  return { stage, operator, sink, secret: signing_secret as string }
}

const messageOf = ({ body }: ReceivedRequest) => JSON.parse(body)

async function alerts(operator: Receiver, count: number): Promise<any[]> {
  return (await operator.waitForRequests(count, { timeoutMs: 20_000 })).map(messageOf)
}

test('a sink that fails, and recovers, is told once each', async () => {
  const { stage, operator, sink, secret } = await setUp()
  sink.receiver.respond({ status: 503 })
  await insertItems(stage.database.sql, sink.table, 1, 10)
  const [failing] = await alerts(operator, 1)
  const { id } = await sink.show()
  expect(failing).toEqual({
    type: 'sink.failing',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    data: {
      sink: { id, name: sink.name },
      failed_requests: expect.any(Number),
      error: '503 Service Unavailable',
    },
  })
  expect(failing.data.failed_requests).toBeGreaterThanOrEqual(5)
  const [{ headers, body }] = operator.requests as [ReceivedRequest]
  expect(new Webhook(secret).verify(body, headers)).toEqual(failing)
  expect(headers).toMatchObject({ 'rowhook-sink': sink.name, 'rowhook-attempt': '1' })

  sink.receiver.respond({})
  const [, recovered] = await alerts(operator, 2)
  expect(recovered).toMatchObject({ type: 'sink.recovered', data: { from: 'failing' } })
  await sink.receiver.waitFor(10, { timeoutMs: 20_000 })
  expect(operator.requests).toHaveLength(2)
})

test('a sink that its receiver pauses by 410 is told with the reason, and again when it goes on', async () => {
  const { stage, operator, sink } = await setUp()
  sink.receiver.respond({ status: 410 })
  await insertItems(stage.database.sql, sink.table, 1, 1)
  const [paused] = await alerts(operator, 1)
  expect(paused).toMatchObject({ type: 'sink.paused', data: { reason: expect.stringContaining('410') } })
  sink.receiver.respond({})
  await sink.call('POST', '/resume')
  const [, recovered] = await alerts(operator, 2)
  expect(recovered).toMatchObject({ type: 'sink.recovered', data: { from: 'paused' } })
})

test('an alert that is refused is sent again under the same id', async () => {
  const { operator, sink } = await setUp()
  operator.respond((_, index) => ({ status: index === 0 ? 500 : 200 }))
  await sink.call('POST', '/pause')
  const requests = await operator.waitForRequests(2, { timeoutMs: 50_000 })
  expect(requests.map(({ headers }) => headers['rowhook-attempt'])).toEqual(['1', '2'])
  expect(requests[1]!.headers['webhook-id']).toBe(requests[0]!.headers['webhook-id'])
})

test('a sink without an alert endpoint notes nothing', async () => {
  const stage = await setStage()
  const sink = await stage.sink()
  await sink.call('POST', '/pause')
  expect(await stage.database.sql`select * from rowhook.alert`).toEqual([])
})

test('a backfill that fails is told', async () => {
  const { stage, operator, sink } = await setUp()
  const { sql } = stage.database
  await insertItems(sql, sink.table, 1, 5)
  await sink.receiver.waitFor(5)
  await sql`
    insert into rowhook.backfill (sink_id, state) select id, 'paused' from rowhook.sink where name = ${sink.name}`
  await sql`update rowhook.backfill set state = 'failed', error = 'permission denied for table'`
  const [failed] = await alerts(operator, 1)
  expect(failed).toMatchObject({ type: 'backfill.failed', data: { error: 'permission denied for table' } })
})

test('what repeats can be told once in a while only', async () => {
  const stage = await setStage({ args: ['--no-dispatch'] })
  const { sql } = stage.database
  await ask(stage.rowhook, 'POST', '/api/endpoints', { name: 'operator', url: 'http://127.0.0.1:1' })
  const sink = await stage.sink({ alert_endpoint: 'operator' })
  const raise = () =>
    sql`select rowhook.raise_alert(id, 'retention.blocked', '{"partition": "x"}', interval '1 day')
        from rowhook.sink where name = ${sink.name}`
  await raise()
  await raise()
  expect(await sql`select event from rowhook.alert`).toHaveLength(1)
  await sql`update rowhook.alert set at = at - interval '25 hours'`
  await raise()
  await eventually(async () => expect(await sql`select event from rowhook.alert`).toHaveLength(2))
})
