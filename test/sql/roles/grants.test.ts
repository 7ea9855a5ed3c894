// Who may do what, as roles without any other right find it.
import type { Sql } from 'postgres'
import { beforeAll, describe, expect, test } from 'vitest'
import { install } from '../../../src/db/install.ts'
import { readRelease } from '../../../src/db/release.ts'
import { createDatabase } from '../../support/database.ts'
import { ownServer } from '../../support/server.ts'
import { makeSink } from '../messages/sink.ts'

const roles = ['reader', 'operator', 'admin'] as const
type Role = (typeof roles)[number] | 'nobody'

/** What each role is there for, and may do; `id` is the sink's. */
const acts: { what: string; by: readonly Role[]; run: (sql: Sql, id: number) => PromiseLike<unknown> }[] = [
  { what: 'see the status of sinks', by: roles, run: (sql) => sql`select * from rowhook.status` },
  { what: 'see messages', by: roles, run: (sql) => sql`select * from rowhook.messages` },
  { what: 'list messages', by: roles, run: (sql, id) => sql`select * from rowhook.list_messages(${id})` },
  { what: 'see changes', by: roles, run: (sql) => sql`select * from rowhook.changes` },
  {
    what: 'see the history of a row',
    by: roles,
    run: (sql) => sql`select * from rowhook.history('orders', '1')`,
  },
  { what: 'see retentions', by: roles, run: (sql) => sql`select * from rowhook.retentions` },
  { what: 'see the days of the log', by: roles, run: (sql) => sql`select * from rowhook.log_partitions` },
  { what: 'see what was sent', by: roles, run: (sql) => sql`select * from rowhook.activity` },
  { what: 'see requests', by: roles, run: (sql) => sql`select * from rowhook.delivery` },
  {
    what: 'see backfills',
    by: roles,
    run: (sql) => sql`select * from rowhook.backfill join rowhook.backfill_table on true`,
  },
  { what: 'see replays', by: roles, run: (sql) => sql`select * from rowhook.replay` },
  { what: 'pause a sink', by: ['operator', 'admin'], run: (sql) => sql`select rowhook.pause_sink('orders')` },
  {
    what: 'resume a sink',
    by: ['operator', 'admin'],
    run: (sql) => sql`select rowhook.resume_sink('orders')`,
  },
  {
    what: 'redeliver',
    by: ['operator', 'admin'],
    run: (sql, id) => sql`select rowhook.redeliver(${id}, 'discarded')`,
  },
  {
    what: 'discard',
    by: ['operator', 'admin'],
    run: (sql, id) => sql`select rowhook.discard(${id}, 'failing')`,
  },
  {
    what: 'replay',
    by: ['operator', 'admin'],
    run: (sql) => sql`call rowhook.replay('orders', since => now() - interval '1 hour', filter => 'id > 1')`,
  },
  {
    what: 'backfill',
    by: ['operator', 'admin'],
    run: (sql) => sql`call rowhook.backfill('orders', table_name => 'orders', filter => 'id > 1')`,
  },
  { what: 'keep history', by: ['admin'], run: (sql) => sql`select rowhook.retain('orders', '1 day')` },
  { what: 'stop keeping history', by: ['admin'], run: (sql) => sql`select rowhook.unretain('orders')` },
  { what: 'cap the log', by: ['admin'], run: (sql) => sql`select rowhook.cap_log(null, null)` },
  { what: 'maintain', by: ['admin'], run: (sql) => sql`call rowhook.maintain()` },
  { what: 'refresh capture', by: ['admin'], run: (sql) => sql`select rowhook.refresh('orders')` },
  { what: 'read the log itself', by: ['admin'], run: (sql) => sql`select * from rowhook.event` },
  { what: 'read secrets', by: ['admin'], run: (sql) => sql`select * from rowhook.endpoint` },
  { what: 'read tokens', by: ['admin'], run: (sql) => sql`select * from rowhook.token` },
  { what: 'change a sink', by: ['admin'], run: (sql) => sql`update rowhook.sink set path = ''` },
  {
    what: 'annotate',
    by: [...roles, 'nobody'],
    run: (sql) => sql`select rowhook.annotate('{"user_id": 7}')`,
  },
]

/** Runs `work` as a role, in a transaction that is rolled back where that is possible. */
async function as(sql: Sql, role: string, work: (one: Sql) => PromiseLike<unknown>): Promise<string> {
  const one = await sql.reserve()
  try {
    await one.unsafe(`set role ${role}`)
    await work(one as unknown as Sql)
    return 'may'
  } catch (error) {
    return (error as { code: string }).code
  } finally {
    await one.unsafe('reset role')
    one.release()
  }
}

describe('a role with nothing else', () => {
  let sql: Sql
  let id: number
  beforeAll(async () => {
    const database = await createDatabase()
    sql = database.sql
    await sql`create table orders (id int primary key)`
    id = (await makeSink(sql)).id
    await sql`insert into orders values (1)`
    // roles are the cluster's, which other tests use at the same time
    await sql.unsafe(`
      do $$ begin
        for i in 1 .. 1 loop
          if to_regrole('nobody') is null then create role nobody; end if;
        end loop;
      exception when duplicate_object or unique_violation then null; end $$`)
  })
  for (const { what, by, run } of acts) {
    test(`${by.join(', ')} may ${what}, and nobody else`, async () => {
      const found: Record<string, string> = {}
      for (const role of [...roles, 'nobody'] as Role[]) {
        found[role] = await as(sql, role === 'nobody' ? role : `rowhook_${role}`, (one) => run(one, id))
        // what one has started must not be in the way of the next
        await sql`update rowhook.backfill set state = 'cancelled'`
        if (what === 'stop keeping history') await sql`select rowhook.retain('orders', '1 day')`
        if (what === 'keep history') await sql`update rowhook.source set retention = null`
      }
      const expected = [...roles, 'nobody'].map((role) => [role, by.includes(role as Role) ? 'may' : '42501'])
      if (what === 'stop keeping history') await sql`select rowhook.retain('orders', '1 day')`
      expect(found).toEqual(Object.fromEntries(expected))
    })
  }
})

test('who writes to a captured table needs no right on rowhook', async () => {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key)`
  await makeSink(sql)
  await sql.unsafe(`do $$ begin if to_regrole('writer_only') is null then create role writer_only; end if;
    exception when duplicate_object or unique_violation then null; end $$`)
  await sql`grant select, insert, update, delete on orders to writer_only`
  const outcome = await as(sql, 'writer_only', async (one) => {
    await one`select rowhook.annotate('{"user_id": 7}')`
    await one`begin; select rowhook.annotate('{"user_id": 7}'); insert into orders values (1); update orders set id = 2; delete from orders; commit`.simple()
  })
  expect(outcome).toBe('may')
  expect(await sql`select action, annotations from rowhook.changes order by event_id`).toEqual(
    ['insert', 'update', 'delete'].map((action) => ({ action, annotations: '{"user_id": 7}' })),
  )
  await sql`drop owned by writer_only`
})

test('an operator cannot bring compiled SQL in', async () => {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key)`
  const { id } = await makeSink(sql)
  const options = { since: '2000-01-01', filter: 'true', filter_parts: { 1: ['pg_sleep(1) is null'] } }
  for (const maker of ['create_replay', 'create_backfill']) {
    expect(
      await as(sql, 'rowhook_operator', (one) => one.unsafe(`select rowhook.${maker}(${id}, '{}'::jsonb)`)),
    ).toBe('42501')
  }
  await sql`update rowhook.installation set installed_at = '1999-01-01'`
  expect(
    await as(
      sql,
      'rowhook_operator',
      (one) => one`select rowhook.request_replay(${id}, ${one.json(options)})`,
    ),
  ).toBe('may')
  expect(await sql`select filter_text, filter_parts from rowhook.replay`).toEqual([
    { filter_text: 'true', filter_parts: null },
  ])
  const tables = [{ name: 'orders', where: 'true', where_parts: ['pg_sleep(1) is null'] }]
  expect(
    await as(
      sql,
      'rowhook_operator',
      (one) => one`select rowhook.request_backfill(${id}, ${one.json(tables)})`,
    ),
  ).toBe('may')
  expect(await sql`select where_text, where_parts from rowhook.backfill_table`).toEqual([
    { where_text: 'true', where_parts: null },
  ])
})

test('where the installer may not create roles, it installs without, and grants later', async () => {
  const server = await ownServer()
  const { url, sql, adminUrl } = await createDatabase({ serverUrl: server.url })
  const admin = sql
  await admin`create role weak login password 'weak'`
  await admin.unsafe(`grant create on database ${new URL(url).pathname.slice(1)} to weak`)
  const asWeak = new URL(adminUrl)
  asWeak.username = 'weak'
  asWeak.password = 'weak'
  await install(asWeak.href, readRelease())
  expect(await admin`select to_regrole('rowhook_reader') as role`).toEqual([{ role: null }])
  for (const role of roles) await admin.unsafe(`create role rowhook_${role}`)
  await admin`set role weak`
  expect(await admin`select rowhook.grant_roles() as missing`).toEqual([{ missing: [] }])
  await admin`reset role`
  expect(await as(admin, 'rowhook_reader', (one) => one`select * from rowhook.status`)).toBe('may')
})
