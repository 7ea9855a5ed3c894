// PgBouncer in transaction mode, Debian's package, where it is installed.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect } from '../../src/db/connect.ts'
import { serverAccount } from '../../src/embedded/account.ts'
import { atEnd } from './at-end.ts'
import { eventually } from './eventually.ts'
import { ordinaryRole } from './template.ts'

const program = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer'].find(existsSync)

/** For `describe.skipIf`: why there can be no pooler here, or false. */
export const noPgBouncer = program === undefined

/** What is added to the name of tests that are skipped for want of it. */
export const pgBouncerNotice = noPgBouncer ? ' (skipped: apt-get install pgbouncer)' : ''

/** A pooler in front of the server of a URL. */
export interface PgBouncer {
  /** The URL that was given, with the pooler's address in it, and `pgbouncer=true`. */
  readonly url: string
  /** The same without `pgbouncer=true`. */
  readonly bareUrl: string
}

/**
 * Starts one; it ends with the test, or, from `beforeAll`, with the file.
 * @param options.servers connections to the server at most, for each database and role; default 10
 */
export async function pgBouncer(target: string, { servers = 10 } = {}): Promise<PgBouncer> {
  const url = new URL(target)
  const folder = mkdtempSync(join(tmpdir(), 'rowhook-pgbouncer-'))
  chmodSync(folder, 0o755) // it refuses to be root, and its own account must get in
  const port = await freePort()
  const users = join(folder, 'users')
  writeFileSync(users, `"postgres" ""\n"${ordinaryRole.name}" "${ordinaryRole.password}"\n`)
  const settings = join(folder, 'settings')
  writeFileSync(
    settings,
    `[databases]
* = host=${url.hostname} port=${url.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = ${servers}
max_client_conn = 200
`,
  )
  const child = spawn(program!, [settings], {
    ...serverAccount(join(folder, 'none')),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const words = text(child.stderr)
  atEnd(async () => {
    await end(child)
    rmSync(folder, { recursive: true })
  })
  url.host = `127.0.0.1:${port}`
  const bareUrl = url.href
  url.searchParams.set('pgbouncer', 'true')
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`pgbouncer ended:\n${await words}`)
    const sql = connect(url.href, { max: 1, fetch_types: false })
    try {
      await sql`select 1`
    } finally {
      await sql.end()
    }
  })
  return { url: url.href, bareUrl }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
