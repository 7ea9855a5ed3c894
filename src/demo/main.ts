// `make demo`: the product on a database of its own (or yours), with a receiver that prints what
// arrives. Everything here goes through what users have: install-sql, `rowhook start`, the admin API.
import '../cli/flags.ts'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { type Config, readConfig } from '../config.ts'
import { describeConnectionError, isConnectionError } from '../db/connection-error.ts'
import { install } from '../db/install.ts'
import { readRelease } from '../db/release.ts'
import { RowhookError } from '../errors.ts'
import { start } from '../main.ts'
import { changes, prepareTable } from './changes.ts'
import { openDatabase } from './database.ts'
import { printers } from './print.ts'
import { startReceiver } from './receiver.ts'
import { createDemoSink } from './sink.ts'

/** With ONCE=1: seconds until every webhook must have arrived. */
const onceTimeoutS = 60

async function demo(): Promise<number> {
  const endsItself = (process.env['ONCE'] ?? '') !== '' && process.env['ONCE'] !== '0'
  const people = process.stdout.isTTY === true && !endsItself
  const print = printers(people)
  const stopped = new Promise<'stopped'>((resolve) => {
    process.once('SIGINT', () => resolve('stopped'))
    process.once('SIGTERM', () => resolve('stopped'))
  })
  const closers: (() => Promise<unknown>)[] = []
  try {
    const { databaseUrl, secrets, close } = await openDatabase(process.env['DATABASE_URL'], print.note)
    closers.push(close)
    await install(databaseUrl, readRelease(), print.note)

    const receiver = await startReceiver(print.webhook)
    closers.push(receiver.close)
    const config = readConfig({
      ROWHOOK_LOG_LEVEL: 'error',
      ...process.env,
      DATABASE_URL: databaseUrl,
      ROWHOOK_ADMIN_TOKEN: secrets.token,
      ROWHOOK_ENCRYPTION_KEY: secrets.encryptionKey,
      ROWHOOK_ALLOW_NETWORKS: '127.0.0.0/8',
    })
    const port = await freePort(config)
    const rowhook = await start({
      config: { ...config, port },
      api: true,
      dispatch: true,
      env: {},
      onUp: () => {},
    })
    closers.push(rowhook.stop)

    const table = await prepareTable(databaseUrl)
    closers.push(table.close)
    const sink = await createDemoSink(rowhook.url!, secrets.token, receiver.url)
    print.begin(sink)
    const expected = await changes(table, print.statement, people ? 300 : 0)
    const arrived = receiver.waitFor(expected)
    const timeout = endsItself
      ? new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), onceTimeoutS * 1000).unref())
      : new Promise<never>(() => {})
    const first = await Promise.race([arrived.then(() => 'arrived' as const), stopped, timeout])
    if (first === 'late') {
      process.stderr.write(`demo: not every webhook arrived within ${onceTimeoutS} s\n`)
      return 1
    }
    if (first === 'arrived') print.end(rowhook.url!, secrets.token, databaseUrl)
    if (!endsItself && first !== 'stopped') await stopped
    return 0
  } finally {
    for (const close of closers.toReversed()) await close().catch(() => {})
  }
}

/** The port that was asked for, or 0, any free one, when another program has it. */
async function freePort({ host, port }: Config): Promise<number> {
  const probe = createServer()
  try {
    probe.listen(port, host)
    await once(probe, 'listening')
    return port
  } catch {
    process.stderr.write(`port ${port} is taken: the admin API listens on another (ROWHOOK_PORT names one)\n`)
    return 0
  } finally {
    probe.close()
  }
}

/** One line for what a person can mend; the stack of anything else. */
function describe(error: unknown): string {
  const url = process.env['DATABASE_URL'] ?? ''
  if (error instanceof RowhookError) return [error.message, error.hint].filter(Boolean).join('. ')
  if (url !== '' && isConnectionError(error)) return `DATABASE_URL: ${describeConnectionError(error, url)}`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

try {
  process.exitCode = await demo()
} catch (error) {
  process.stderr.write(`demo: ${describe(error)}\n`)
  process.exitCode = 1
}
