import { expect, test } from 'vitest'
import { claim } from '../messages/sink.ts'
import { logFixture } from './log.ts'

test('operators of a sink hear, once a day, that the log is kept for it beyond its time', async () => {
  const { sql, sink, capture, maintainAt } = await logFixture()
  const [endpoint] = await sql`
    insert into rowhook.endpoint (name, url) values ('operator', 'http://127.0.0.1:1') returning id`
  await sql`update rowhook.sink set alert_endpoint_id = ${endpoint!['id'] as string}`
  const alerts = () =>
    sql`select event, (data ->> 'partitions')::int as partitions, data ->> 'oldest' as oldest from rowhook.alert`

  await capture(0, [1])
  await maintainAt(1)
  expect(await alerts()).toEqual([])
  await maintainAt(5)
  await maintainAt(5)
  const [today] = await sql`select (now() at time zone 'UTC')::date::text as day`
  expect(await alerts()).toEqual([
    { event: 'retention.blocked', partitions: 1, oldest: expect.stringContaining(today!['day'] as string) },
  ])
  await maintainAt(7)
  expect(await alerts()).toHaveLength(2)

  await (await claim(sql, sink)).deliverAll()
  await maintainAt(9)
  expect(await alerts()).toHaveLength(2)
})

test('without anybody to tell, nothing is noted', async () => {
  const { sql, capture, maintainAt } = await logFixture()
  await capture(0, [1])
  await maintainAt(5)
  expect(await sql`select from rowhook.alert`).toEqual([])
})
