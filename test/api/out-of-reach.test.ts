import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { connect } from '../../src/db/connect.ts'
import { eventually } from '../support/eventually.ts'
import { withDatabase } from '../support/template.ts'
import { createTestApi } from './client.ts'

it('a database that takes no connections any more is out of reach, until it does again', async () => {
  const { call, database } = await createTestApi()
  expect((await call('GET', '/api/sinks')).status).toBe(200)
  const admin = connect(withDatabase(database.adminUrl, 'postgres'), { max: 1 })
  await admin.unsafe(`alter database ${database.name} allow_connections false`)
  await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${database.name}`
  await sleep(200) // the pool has noticed
  const refused = [await call('GET', '/api/sinks'), await call('GET', '/api/sinks')]
  await admin.unsafe(`alter database ${database.name} allow_connections true`)
  await admin.end()
  for (const { status, body } of refused) {
    expect(status).toBe(503)
    expect(body).toMatchObject({ detail: expect.stringContaining('cannot be reached') })
  }
  expect((await call('GET', '/api/sinks')).status).toBe(200)
})

it('a request is told so at once, also where the connection before was cut in the midst of a query', async () => {
  const { call, database } = await createTestApi()
  const admin = connect(withDatabase(database.adminUrl, 'postgres'), { max: 1 })
  const asleep = Array.from({ length: 10 }, () => database.sql`select pg_sleep(60)`.catch(() => {}))
  await eventually(async () => {
    const [row] = await admin`
      select count(*)::int as n from pg_stat_activity where datname = ${database.name} and query like '%pg_sleep%'`
    expect(row!['n']).toBe(10)
  })
  await admin.unsafe(`alter database ${database.name} allow_connections false`)
  await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${database.name}`
  await Promise.all(asleep)
  await sleep(200)
  const late = sleep(5000).then(() => ({ status: 'none in 5 s' }))
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => Promise.race([call('GET', '/api/sinks'), late])),
  )
  await admin.unsafe(`alter database ${database.name} allow_connections true`)
  await admin.end()
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]))
})

it('what a statement says of the state of something stays a conflict', async () => {
  const { call, database } = await createTestApi()
  await database.sql`create table public.orders (id int primary key)`
  await call('POST', '/api/endpoints', { name: 'e', url: 'https://app.example.com/hooks' })
  await call('POST', '/api/sinks', { name: 's', endpoint: 'e', tables: [{ name: 'orders' }] })
  const { id } = (await call('POST', '/api/sinks/s/backfills', { tables: [{ name: 'orders' }] })).body
  await call('POST', `/api/sinks/s/backfills/${id}/cancel`)
  expect((await call('POST', `/api/sinks/s/backfills/${id}/resume`)).status).toBe(409)
})
