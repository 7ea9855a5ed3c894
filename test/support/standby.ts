// A streaming replica beside a server, for tests of a failover. The npm packages bring no pg_basebackup,
// so the replica begins as a copy of the stopped primary's folder.
import { chownSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '../../src/db/connect.ts'
import { install } from '../../src/db/install.ts'
import { readRelease } from '../../src/db/release.ts'
import type { PostgresServer } from '../../src/embedded/postgres.ts'
import { eventually } from './eventually.ts'
import { proxy } from './proxy.ts'
import { ownServer } from './server.ts'
import { withDatabase } from './template.ts'

/** A primary, and a standby that has every commit before the primary confirms it. */
export interface Pair {
  /** The URLs of a database with rowhook in it, on the one and the other. */
  urls: { primary: string; standby: string }
  primary: PostgresServer
  standby: PostgresServer
  /** The standby gets nothing more, and the primary does not wait for it. */
  part(): Promise<void>
  /** Makes the standby a primary of its own. */
  promote(): Promise<void>
}

/** Starts both; they end with the test, or, from `beforeAll`, with the file. */
export async function synchronousPair(): Promise<Pair> {
  const settings = { synchronous_commit: 'on', full_page_writes: 'on' }
  const primary = await ownServer({ settings })
  await asSuperuser(primary.url, async (sql) => {
    await sql`create database shop`
  })
  const link = await proxy(primary.url)
  const urls = { primary: withDatabase(primary.url, 'shop'), standby: '' }
  await install(urls.primary, readRelease())
  await primary.stop('fast')
  const standby = await ownServer({
    settings: { ...settings, primary_conninfo: `host=127.0.0.1 port=${link.port} user=postgres` },
    copyOf: primary.dataDir,
    prepare: beStandby,
  })
  urls.standby = withDatabase(standby.url, 'shop')
  await primary.restart()
  await asSuperuser(primary.url, async (sql) => {
    await sql`alter system set synchronous_standby_names = '*'`
    await sql`select pg_reload_conf()`
    await eventually(
      async () => {
        const [row] = await sql`select sync_state from pg_stat_replication`
        if (row?.['sync_state'] !== 'sync') throw new Error('the standby does not stream yet')
      },
      { timeoutMs: 30_000 },
    )
  })
  const part = async () => {
    link.cut()
    await asSuperuser(primary.url, async (sql) => {
      await sql`alter system set synchronous_standby_names = ''`
      await sql`select pg_reload_conf()`
    })
  }
  const promote = () =>
    asSuperuser(standby.url, async (sql) => {
      await sql`select pg_promote()`
    })
  return { urls, primary, standby, part, promote }
}

function beStandby(dataDir: string): void {
  const file = join(dataDir, 'standby.signal')
  writeFileSync(file, '')
  const { uid, gid } = statSync(dataDir)
  chownSync(file, uid, gid)
}

async function asSuperuser(
  url: string,
  work: (sql: ReturnType<typeof connect>) => Promise<void>,
): Promise<void> {
  const sql = connect(url, { max: 1, fetch_types: false })
  try {
    await work(sql)
  } finally {
    await sql.end()
  }
}
