// Everything through PgBouncer in transaction mode: no statement knows which session it will meet.
import { beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import { installSql, rowhook } from '../../support/command.ts'
import { type TestDatabase, createDatabase } from '../../support/database.ts'
import { type Stage, setStage } from '../../support/delivery.ts'
import { eventually } from '../../support/eventually.ts'
import { changeItems, flawless, insertItems, keepChanging, tallyOf } from '../../support/items.ts'
import { type PgBouncer, noPgBouncer, pgBouncer, pgBouncerNotice } from '../../support/pgbouncer.ts'
import { adminToken, encryptionKey } from '../../support/rowhook-process.ts'

describe.skipIf(noPgBouncer)(`behind PgBouncer in transaction mode${pgBouncerNotice}`, () => {
  let database: TestDatabase
  let pooler: PgBouncer
  let stage: Stage

  beforeAll(async () => {
    database = await createDatabase({ template: false, role: 'ordinary' })
    // few server connections, so that every client meets what another has left in a session
    pooler = await pgBouncer(database.url, { servers: 3 })
    const { code, stderr } = await installSql([], { DATABASE_URL: pooler.url })
    if (code !== 0) throw new Error(stderr)
    stage = await setStage({ database, url: pooler.url })
    await stage.another({ url: pooler.url, args: ['--no-api'] })
  })

  test('install-sql is idempotent and checks', async () => {
    for (const args of [[], ['--check']]) {
      expect(await installSql(args, { DATABASE_URL: pooler.url })).toMatchObject({ code: 0 })
    }
  })

  test('changes are captured and delivered by two dispatchers, failures included', async () => {
    const writers = connect(pooler.url, { max: 3 })
    const { table, receiver } = await stage.sink({
      batch_size: 3,
      respond: (_, index) => ({ status: index % 9 === 4 ? 500 : 200 }),
    })
    await insertItems(writers, table, 1, 30)
    const writer = keepChanging(writers, table, 30, 60)
    await receiver.waitFor(300, { timeoutMs: 20_000 })
    await writer.stop()
    expect(await tallyOf(database.sql, table, receiver)).toMatchObject(flawless)
    await writers.end()
  })

  test('backfills, replays and the command line do the same as without it', async () => {
    const { table, name, receiver } = await stage.sink({ batch_size: 10 })
    await insertItems(database.sql, table, 1, 100)
    await receiver.waitFor(100)
    const overHttp = { ROWHOOK_URL: stage.rowhook.url, ROWHOOK_TOKEN: adminToken }
    const direct = {
      DATABASE_URL: pooler.url,
      ROWHOOK_ENCRYPTION_KEY: encryptionKey,
      ROWHOOK_ALLOW_NETWORKS: '127.0.0.0/8',
    }
    const done = await rowhook(['backfills', 'start', name, '--table', table, '--watch'], overHttp)
    expect(done).toMatchObject({ code: 0, stdout: expect.stringMatching(/completed, 100 rows/) })
    await database.sql`call rowhook.replay(${name}, since => now() - interval '1 hour')`
    await receiver.waitFor(300, { timeoutMs: 15_000 })
    for (const env of [overHttp, direct]) {
      const { code, stdout } = await rowhook(['sinks', '--json'], env)
      expect({ code, names: JSON.parse(stdout).data.map((sink: any) => sink.name) }).toMatchObject({
        code: 0,
        names: expect.arrayContaining([name]),
      })
    }
    const report = await rowhook(['doctor'], overHttp)
    expect(report.stdout).toMatch(/transaction mode/)
    expect(report.stdout).not.toMatch(/prepared statements are used/)
  })

  test('an annotation belongs to its transaction, whoever uses the session next', async () => {
    const one = await pgBouncer(database.url, { servers: 1 })
    const { table, receiver } = await stage.sink()
    const clients = [connect(one.url, { max: 1 }), connect(one.url, { max: 1 })] as const
    const [mine, theirs] = clients
    await mine.begin(async (sql) => {
      await sql`select rowhook.annotate('{"user_id": 7}')`
      await insertItems(sql as never, table, 1, 1)
    })
    await insertItems(theirs, table, 2, 2)
    await mine`select rowhook.annotate('{"user_id": 8}')`
    await changeItems(theirs, table, [1])
    await mine
      .begin(async (sql) => {
        await sql`select rowhook.annotate('{"user_id": 9}')`
        throw new Error('given up')
      })
      .catch(() => {})
    await changeItems(theirs, table, [2])
    const messages = await receiver.waitFor(4)
    const annotations = messages.map(({ record, metadata }) => [
      `${String(record!['id'])}:${String(record!['n'])}`,
      metadata['transaction_annotations'],
    ])
    expect(Object.fromEntries(annotations)).toEqual({
      '1:0': { user_id: 7 },
      '2:0': null,
      '1:1': null,
      '2:1': null,
    })
    for (const client of clients) await client.end()
  })

  test('no session keeps a setting, an advisory lock, a prepared statement or a channel of ours', async () => {
    await stage.sink()
    const probes = connect(pooler.url, { max: 20 })
    const rows = await Promise.all(
      Array.from(
        { length: 40 },
        () => probes`
          select (select array_agg(name) from pg_settings where source = 'session') as settings,
            (select count(*)::int from pg_prepared_statements) as prepared,
            (select array_agg(c) from pg_listening_channels() c where c like 'rowhook%') as channels,
            pg_backend_pid() as pid, pg_sleep(0.05)::text`,
      ),
    )
    expect(new Set(rows.map(([row]) => row!['pid'])).size).toBeGreaterThan(1)
    const tracked = [
      'application_name',
      'client_encoding',
      'DateStyle',
      'TimeZone',
      'standard_conforming_strings',
    ]
    for (const [row] of rows) {
      expect((row!['settings'] ?? []).filter((name: string) => !tracked.includes(name))).toEqual([])
      expect(row).toMatchObject({ prepared: 0, channels: null })
    }
    await eventually(async () => {
      // held by a session, not by a transaction: those have an end
      const held = await database.sql`
        select a.query from pg_locks l join pg_stat_activity a using (pid)
        where l.locktype = 'advisory' and a.datname = current_database() and a.state = 'idle'`
      expect(held).toHaveLength(0)
    })
    await probes.end()
  })
})

test.skipIf(noPgBouncer)(
  `a pooler that the URL does not name is noticed, said, and survived${pgBouncerNotice}`,
  async () => {
    const database = await createDatabase()
    const pooler = await pgBouncer(database.url, { servers: 3 })
    const stage = await setStage({ database, url: pooler.bareUrl })
    await stage.rowhook.waitForLog(({ msg }) => msg?.includes('pgbouncer=true') ?? false)
    const { table, receiver } = await stage.sink({ batch_size: 3 })
    await insertItems(database.sql, table, 1, 30)
    const writer = keepChanging(database.sql, table, 30, 60)
    await receiver.waitFor(200, { timeoutMs: 20_000 })
    await writer.stop()
    expect(await tallyOf(database.sql, table, receiver)).toMatchObject({ lost: 0, outOfOrder: 0 })
  },
)
