// The same measurement beside PgQ's trigger in C, on the Postgres 15 of Debian that carries it; rowhook is
// installed on that server too, so that the ratio is made on one server. Where the package
// postgresql-15-pgq3 is missing, a notice stands in its place.
import { chmodSync, existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../../../src/db/connect.ts'
import { install } from '../../../src/db/install.ts'
import { readRelease } from '../../../src/db/release.ts'
import { serverAccount } from '../../../src/embedded/account.ts'
import { dataFolder } from '../../../src/embedded/folder.ts'
import { ensureCluster } from '../../../src/embedded/initdb.ts'
import { launchOn } from '../../../src/embedded/launch.ts'
import type { Figure } from '../harness.ts'
import { benchSettings } from '../harness.ts'
import { median, ratioOf } from '../paired.ts'
import { measure } from './statements.ts'
import { makeTables, type Variant } from './tables.ts'

const binaries = '/usr/lib/postgresql/15'
const extension = '/usr/share/postgresql/15/extension/pgq.control'

/** Statements of one row and of 1,000 under PgQ's `jsontriga` and under rowhook. */
export async function pgq(rounds: number): Promise<Figure[]> {
  if (!existsSync(extension) || !existsSync(join(binaries, 'bin/postgres')))
    return [
      {
        name: 'capture: against PgQ',
        value: 'skipped',
        against: 'apt-get install postgresql-15-pgq3 (Debian 12)',
        ratio: null,
      },
    ]
  const server = await startDebianPostgres()
  try {
    await install(server.url, readRelease())
    const sql = connect(server.url, { max: 2 })
    try {
      await sql`create extension pgq`
      const variants: Variant[] = ['trigger', 'pgq', 'one']
      await makeTables(sql, variants)
      const figures: Figure[] = []
      for (const rows of [1, 1000]) {
        for (const action of ['insert', 'update', 'delete'] as const) {
          const taken = await measure(sql, variants, { action, rows }, rounds)
          const us = (name: Variant) => median(taken[name]).toFixed(1)
          const ratio = ratioOf(taken.pgq, taken.one)
          figures.push({
            name: `Postgres 15: ${action} of ${rows === 1 ? 'one row' : `${rows} rows`}`,
            value: `${us('one')} µs a row`,
            against: `PgQ's trigger in C ${us('pgq')}, row trigger ${us('trigger')}`,
            ratio,
          })
        }
      }
      return figures
    } finally {
      await sql.end()
    }
  } finally {
    await server.stop()
  }
}

async function startDebianPostgres(): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'rowhook-bench-pgq-'))
  chmodSync(folder, 0o755) // run by root, the server's own account must get in
  const asked = join(folder, 'data')
  const account = serverAccount(asked)
  const dataDir = dataFolder(asked, account)
  ensureCluster(dataDir, `${asked}.password`, 'trust', { account, binaries, major: '15' })
  const run = await launchOn(undefined, {
    program: join(binaries, 'bin/postgres'),
    account,
    dataDir,
    logFile: `${asked}.log`,
    settings: { ...benchSettings, listen_addresses: '127.0.0.1', unix_socket_directories: '' },
  })
  return {
    url: `postgres://postgres@127.0.0.1:${run.port}/postgres`,
    async stop() {
      await run.end('SIGQUIT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
