// An upgrade of the SQL while writers write, changes wait, and a dispatcher of the older code goes on, as in a
// rolling upgrade: no write fails, nothing is lost, and what is installed afterwards is what a fresh install makes.
import { expect, test } from 'vitest'
import { compare, install } from '../../../src/db/install.ts'
import { type Release, readRelease } from '../../../src/db/release.ts'
import { createDatabase } from '../../support/database.ts'
import { setStage } from '../../support/delivery.ts'
import { eventually } from '../../support/eventually.ts'
import { catalog } from '../../sql/install/catalog.ts'
import { applied, startTraffic, stored } from './traffic.ts'

const current = readRelease()

/** What later releases do: new columns of the busiest tables, new tables, a changed function. */
const next = withMigrations(current, [
  `alter table rowhook.event add column note text;
   create table rowhook.added (id int primary key, sink_id int references rowhook.sink on delete cascade);`,
  `alter table rowhook.stream add column speed double precision not null default 0;
   create index on rowhook.added (sink_id);`,
])

/** Every number of migrations that a database may have before: this code's own, and each of the added ones. */
const states = Array.from(
  { length: next.migrations.length - current.migrations.length },
  (_, more) => current.migrations.length + more,
)

test.each(states)(`from migration %i of ${next.migrations.length}`, async (applies) => {
  const database = await createDatabase({ template: false })
  const { sql, url } = database
  await install(url, current)
  await sql`create table orders (id bigint primary key, n int not null)`
  const stage = await setStage({ database })
  const sink = await stage.sink({ table: 'orders', batch_size: 10 })
  if (applies > current.migrations.length)
    await install(url, { ...next, migrations: next.migrations.slice(0, applies) })
  await sink.call('POST', '/pause')
  const traffic = startTraffic(url, 'orders')
  await traffic.more(50) // these wait while the upgrade runs
  const upgrade = install(url, next)
  await traffic.more(50)
  await upgrade
  await sink.call('POST', '/resume')
  await traffic.more(50)
  await traffic.stop()
  const table = await stored(sql, 'orders')
  await eventually(() => expect(applied(sink.receiver.messages)).toEqual(table), {
    timeoutMs: 20_000,
    everyMs: 100,
  })
  await stage.rowhook.kill()

  expect(await compare(sql, next)).toEqual({ state: 'current', reason: '' })
  const fresh = await createDatabase({ template: false })
  await install(fresh.url, next)
  expect(await catalog(sql)).toEqual(await catalog(fresh.sql))
})

function withMigrations(release: Release, texts: string[]): Release {
  const added = texts.map((text, i) => ({
    id: release.migrations.length + i + 1,
    name: `migrations/${String(release.migrations.length + i + 1).padStart(4, '0')}_added.sql`,
    text,
    checksum: `of the added one ${i}`,
  }))
  const extra = {
    name: 'functions/added.sql',
    text: 'create or replace function rowhook.added() returns int language sql as $$ select 1 $$;',
  }
  return {
    ...release,
    migrations: [...release.migrations, ...added],
    reapplied: [...release.reapplied, extra],
    reappliedChecksum: `${release.reappliedChecksum} and more`,
  }
}
