// rowhook is removed while writers write and dispatchers run: no write fails, nothing is left behind, and a
// dispatcher that still runs brings nothing back.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { installSql } from '../../support/command.ts'
import { setStage } from '../../support/delivery.ts'
import { startTraffic } from './traffic.ts'

test('under traffic, with a dispatcher at work: no failed writes, nothing left', async () => {
  const stage = await setStage()
  const { sql, url } = stage.database
  await sql`create table orders (id bigint primary key, n int not null)`
  await sql`
    create table parted (id bigint primary key, n int not null) partition by range (id)`
  await sql`create table parted_low partition of parted for values from (minvalue) to (2500000)`
  await sql`create table parted_high partition of parted for values from (2500000) to (maxvalue)`
  const { receiver } = await stage.sink({ table: 'orders', batch_size: 10 })
  await stage.sink({ table: 'parted', receiver })
  const traffic = [startTraffic(url, 'orders', 3), startTraffic(url, 'parted', 3)]
  await receiver.waitFor(100)
  const removed = await installSql(['--uninstall'], { DATABASE_URL: url })
  expect(removed).toMatchObject({ code: 0, stderr: '' })
  await Promise.all(traffic.map((t) => t.more(200)))
  // time for the dispatcher to do what it does every second, every beat, every reconnection
  await sleep(6000)
  const ended = await stage.rowhook.kill()
  expect(ended.code).toBe(0)
  await Promise.all(traffic.map((t) => t.stop()))
  expect(
    await sql`
      select 'schema ' || nspname as left from pg_namespace where nspname like 'rowhook%'
      union all select 'trigger ' || tgname from pg_trigger where not tgisinternal and tgparentid = 0
      union all select 'function ' || oid::regprocedure from pg_proc where pronamespace = 'public'::regnamespace
      union all select 'relation ' || relname from pg_class where relnamespace = 'public'::regnamespace
        and relname !~ '^(orders|parted)'`,
  ).toEqual([])
})
