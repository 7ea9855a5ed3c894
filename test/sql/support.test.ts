import { expect, test } from 'vitest'
import { connect } from '../../src/db/connect.ts'
import { createDatabase } from '../support/database.ts'
import { proxy } from '../support/proxy.ts'

test('each test gets a database of its own with rowhook in it', async () => {
  const [one, other] = [await createDatabase(), await createDatabase()]
  await one.sql`create table only_here (id int)`
  const [found] =
    await other.sql`select to_regclass('only_here') as only_here, to_regclass('rowhook.event')::text as event`
  expect(found).toEqual({ only_here: null, event: 'rowhook.event' })
})

test('an ordinary owner is no superuser, and owns rowhook', async () => {
  const { sql } = await createDatabase({ role: 'ordinary' })
  const [found] = await sql`
    select rolsuper, rolcreaterole, rolcreatedb, rolreplication,
      (select tableowner = current_user from pg_tables where schemaname = 'rowhook' and tablename = 'event') as owns
    from pg_roles where rolname = current_user`
  expect(found).toEqual({
    rolsuper: false,
    rolcreaterole: false,
    rolcreatedb: false,
    rolreplication: false,
    owns: true,
  })
})

test('a connection that is left open is reported when the database is dropped', async () => {
  const { url, drop } = await createDatabase()
  const forgotten = connect(url, { max: 1 })
  await forgotten`select 'forgotten'`
  await expect(drop()).rejects.toThrow("connections were left open:\nrowhook: select 'forgotten'")
  await forgotten.end()
})

test('a proxy cuts, stalls and resumes connections', async () => {
  const { url } = await createDatabase()
  const network = await proxy(url)
  const sql = connect(network.url, { max: 1, connect_timeout: 1 })
  await expect(sql`select 1 as one`).resolves.toEqual([{ one: 1 }])
  network.stall()
  const late = sql`select 2 as two`.execute()
  const first = await Promise.race([late, new Promise((resolve) => setTimeout(resolve, 100, 'nothing yet'))])
  expect(first).toBe('nothing yet')
  network.resume()
  await expect(late).resolves.toEqual([{ two: 2 }])
  network.cut()
  await expect(sql`select 3`).rejects.toThrow(/ECONNRESET|CONNECTION/)
  network.resume()
  await expect(sql`select 4 as four`).resolves.toEqual([{ four: 4 }])
  await sql.end()
})
