import { beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import { createAuthority } from '../../support/certificates.ts'
import { createDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { proxy } from '../../support/proxy.ts'
import { ownServer } from '../../support/server.ts'

describe.each(['disable', 'require'])('with sslmode=%s', (sslmode) => {
  let url: string
  beforeAll(async () => {
    const authority = createAuthority('ours')
    const server = await ownServer({ tls: authority.issue('database', { hosts: ['127.0.0.1'] }) })
    url = `${server.url}?sslmode=${sslmode}`
  })

  test('whoever tries again the moment a connection broke gets an answer', async () => {
    const network = await proxy(url)
    const sql = connect(network.url, { max: 2 })
    for (let round = 0; round < 20; round += 1) {
      await sql`select 1`
      network.cut()
      await expect(sql`select 2`).rejects.toThrow(/ECONNRESET|CONNECTION/)
      network.resume()
      // At once, with nothing in between: here postgres.js alone would hang for ever. The pool's other
      // connection may still have to learn that it is gone.
      const [three, four] = [eventually(() => sql`select 3 as n`), eventually(() => sql`select 4 as n`)]
      await expect(Promise.all([three, four])).resolves.toEqual([[{ n: 3 }], [{ n: 4 }]])
    }
    await sql.end()
  })

  test('a pool that is ended while it connects leaves nothing open', async () => {
    const network = await proxy(url)
    network.stall()
    const sql = connect(network.url, { max: 3 })
    const queries = [1, 2, 3].map((n) => sql`select ${n}::int`.catch((error: unknown) => error))
    await eventually(() => expect(network.connectionCount()).toBe(3))
    await sql.end({ timeout: 0 })
    await Promise.all(queries)
    network.resume()
    await eventually(() => expect(network.connectionCount()).toBe(0))
  })
})

test('of several hosts the first that answers is taken', async () => {
  const { url, name } = await createDatabase()
  const { host } = new URL(url)
  const sql = connect(`postgres://postgres@127.0.0.1:1,${host}/${name}`, { max: 1 })
  expect(await sql`select current_database() as name`).toEqual([{ name }])
  await sql.end()
})

test('parameters that hosts put into their URLs do no harm', async () => {
  const { url, name } = await createDatabase()
  const parameters =
    'channel_binding=prefer&pgbouncer=true&connection_limit=1&schema=public&options=-c%20work_mem%3D5MB'
  const sql = connect(`${url}?${parameters}&application_name=shop`, { max: 1 })
  expect(
    await sql`select current_database() as name, current_setting('work_mem') as memory, current_setting('application_name') as application`,
  ).toEqual([{ name, memory: '5MB', application: 'shop' }])
  // Behind a transaction pooler there must be no prepared statements.
  expect(await sql`select count(*)::int as prepared from pg_prepared_statements`).toEqual([{ prepared: 0 }])
  await sql.end()
})
