// A database with undelivered changes moves into another cluster, of a newer major where the run's own is not the
// newest, by dump and restore; then install-sql, then a dispatcher: nothing is lost, and writes are captured again.
import { expect, test } from 'vitest'
import { install } from '../../../src/db/install.ts'
import { readRelease } from '../../../src/db/release.ts'
import { bundledMajor } from '../../../src/embedded/binaries.ts'
import { createDatabase } from '../../support/database.ts'
import { ask, setStage } from '../../support/delivery.ts'
import { eventually } from '../../support/eventually.ts'
import { startRowhook } from '../../support/rowhook-process.ts'
import { ownServer } from '../../support/server.ts'
import { type Restore, byHand, hasPgDump, withPgDump } from '../../sql/retention/restore/dump.ts'
import { applied, startTraffic, stored } from './traffic.ts'

const major = Number(process.env.ROWHOOK_TEST_PG || bundledMajor)
const ways: [string, Restore][] = [['by hand', byHand]]
if (hasPgDump(major)) ways.push(['with pg_dump', withPgDump])
const tables = 'create table orders (id bigint primary key, n int not null)'

test.each(ways)(`from Postgres ${major} to ${bundledMajor}, %s`, async (_way, restore) => {
  const database = await createDatabase({ template: false })
  await database.sql.unsafe(tables)
  await install(database.url, readRelease())
  const before = await setStage({ database })
  const sink = await before.sink({ table: 'orders', batch_size: 10 })
  const traffic = startTraffic(database.url, 'orders', 2)
  await sink.receiver.waitFor(50)
  sink.receiver.respond({ status: 503 }) // some wait in frozen batches, some behind them, some in the log
  await traffic.more(100)
  await traffic.stop()
  await before.rowhook.kill()

  const server = await ownServer({ version: bundledMajor })
  const moved = await createDatabase({ serverUrl: server.url })
  await restore(database.url, moved.url, tables)
  await moved.sql`insert into orders values (9000001, 7)` // before anybody has noticed
  await install(moved.url, readRelease())
  const after = await startRowhook({ url: moved.url })
  sink.receiver.respond({})
  await moved.sql`update orders set n = n + 1 where id = 9000001`
  const table = await stored(moved.sql, 'orders')
  await eventually(() => expect(applied(sink.receiver.messages)).toEqual(table), {
    timeoutMs: 25_000,
    everyMs: 100,
  })
  expect(await ask(after, 'GET', `/api/sinks/${sink.name}`)).toMatchObject({ discarded: 0, status: 'active' })
  await after.kill()
})
