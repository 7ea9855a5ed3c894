// `make soak MINUTES=30 SEED=1`: writers, DDL, kills, receiver faults, backfills, replays and edits at
// random, and at the end an account of every committed change: delivered, discarded or lost, in order
// or not. Fails when anything was lost, out of order, or a write failed.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../src/db/connect.ts'
import { install } from '../../src/db/install.ts'
import { readRelease } from '../../src/db/release.ts'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { account } from './account.ts'
import { type Rowhook, startRowhook } from './dispatcher.ts'
import { createRandom } from './random.ts'
import type { Weather } from './receiver.ts'
import { startReceiver } from './receiver.ts'
import { prepareTables, startWriters } from './writers.ts'

const minutes = Number(process.env['MINUTES'] ?? '5')
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9))
const random = createRandom(seed)
const say = (line: string): void => void process.stdout.write(`${line}\n`)
say(`soak: ${minutes} minutes, SEED=${seed}`)

const folder = mkdtempSync(join(tmpdir(), 'rowhook-soak-'))
const server = await startPostgres({ dataDir: join(folder, 'data'), settings: { max_connections: 100 } })
await install(server.url, readRelease())
const sql = connect(server.url, { max: 12 })
await prepareTables(sql)
const receiver = await startReceiver(createRandom(seed + 1))
let processes: Rowhook[] = [await startRowhook(server.url), await startRowhook(server.url)]
const api = async (
  method: string,
  path: string,
  body?: unknown,
): Promise<Record<string, unknown> | undefined> => {
  for (let i = 0; i < 20; i++) {
    const answer = await processes[0]?.api(method, path, body).catch(() => undefined)
    if (answer !== undefined) return answer
    await sleep(500)
  }
  return undefined
}
await api('POST', '/api/endpoints', { name: 'soak', url: receiver.url })
await api('POST', '/api/sinks', {
  name: 'soak',
  endpoint: 'soak',
  batch_size: 10,
  request_timeout_ms: 2000,
  tables: [{ name: 'item' }],
})
await sql`select rowhook.retain('item', '1 day')`
const writers = startWriters(sql, random, 6)

const startedAt = Date.now()
const counts: Record<string, number> = {}
let columns = 0
const actions: Record<string, () => Promise<unknown>> = {
  async weather() {
    receiver.weather = random.pick<Weather>([
      'fair',
      'fair',
      'fair',
      'failing',
      'flaky',
      'slow',
      'resetting',
      'poisoned',
    ])
  },
  async kill() {
    const [victim] = processes.splice(random.between(0, processes.length - 1), 1)
    await victim!.kill('SIGKILL')
    processes.push(await startRowhook(server.url))
  },
  async restart() {
    const [victim] = processes.splice(0, 1)
    await victim!.kill('SIGTERM')
    processes.push(await startRowhook(server.url))
  },
  async freeze() {
    const victim = random.pick(processes)
    victim.signal('SIGSTOP')
    await sleep(random.between(1000, 9000))
    victim.signal('SIGCONT')
  },
  async addColumn() {
    await sql.unsafe(
      `alter table item add column c${++columns} ${random.pick(['int', 'text', 'jsonb', 'timestamptz'])}`,
    )
  },
  async dropColumn() {
    await sql.unsafe(`alter table item drop column if exists c${random.between(1, Math.max(1, columns))}`)
  },
  async renameColumn() {
    const [c] = await sql`select column_name as name from information_schema.columns
      where table_name = 'item' and table_schema = 'public' and column_name like 'c%' limit 1`
    if (c !== undefined) await sql.unsafe(`alter table item rename column ${c['name']} to c${++columns}`)
  },
  async retype() {
    await sql.unsafe(`alter table item alter column extra type ${random.pick(['int', 'bigint'])}`)
  },
  backfill: () => api('POST', '/api/sinks/soak/backfills', { tables: [{ name: 'item' }] }),
  replay: () =>
    api('POST', '/api/sinks/soak/replays', { since: new Date(Date.now() - 30_000).toISOString() }),
  edit: () =>
    api('PATCH', '/api/sinks/soak', {
      batch_size: random.pick([1, 5, 10, 100]),
      concurrency: random.between(1, 16),
    }),
  async pause() {
    await api('POST', '/api/sinks/soak/pause')
    await sleep(random.between(500, 5000))
    await api('POST', '/api/sinks/soak/resume')
  },
  async crashDatabase() {
    await server.restart('immediate')
  },
  terminate: () =>
    sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rowhook' and pid <> pg_backend_pid()`,
  async longTransaction() {
    await sql.begin(async (tx) => {
      await tx`insert into ledger (id, n, op) select 0, 0, 'none' where false`
      await tx`create temp table if not exists held_open (x int)`
      await sleep(random.between(1000, 8000))
    })
  },
  maintain: () => sql`call rowhook.maintain()`,
}
// the rarer ones are named once, the others more often
const menu = [
  ...Object.keys(actions),
  'weather',
  'weather',
  'weather',
  'kill',
  'restart',
  'addColumn',
  'dropColumn',
  'edit',
].filter((n) => n !== 'crashDatabase' || random.chance(0.5))

const memory: number[] = []
while (Date.now() - startedAt < minutes * 60_000) {
  const name = random.pick(menu)
  counts[name] = (counts[name] ?? 0) + 1
  if (process.env['VERBOSE'] !== undefined) say(`  ${((Date.now() - startedAt) / 1000).toFixed(1)} s ${name}`)
  await actions[name]!().catch((error: unknown) => {
    const { code = '', message } = error as { code?: string; message: string }
    if (!/^(CONNECTION_|57P|55P03|40P01|08)/.test(code)) say(`  ${name}: ${code} ${message}`)
  })
  const status = readFileSync(`/proc/${processes[0]!.pid}/status`, 'utf8')
  memory.push(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
  await sleep(random.between(200, 2500))
}
say(`  did ${JSON.stringify(counts)}`)

receiver.weather = 'fair'
await writers.stop()
const result = await account(sql, receiver, api, writers)
for (const p of processes) await p.kill('SIGTERM')
processes = []
say(
  `  ${writers.transactions} transactions, ${receiver.requests} requests, ${receiver.reads} rows backfilled, ${receiver.replayed} replayed`,
)
say(`  memory of a dispatcher: ${Math.min(...memory).toFixed(0)} to ${Math.max(...memory).toFixed(0)} MB`)
say(
  `SEED=${seed}: ${result.committed} changes committed, ${result.delivered} delivered, ${result.discarded} discarded, ` +
    `${result.pending} pending, ${receiver.duplicates} duplicated; lost ${result.lost}, out of order ${result.outOfOrder}, ` +
    `failed writes ${writers.failed.length}`,
)
for (const line of [...result.examples, ...new Set(writers.failed)].slice(0, 20)) say(`  ${line}`)
receiver.close()
await sql.end({ timeout: 5 })
await server.stop('immediate')
rmSync(folder, { recursive: true, force: true })
process.exitCode = result.lost + result.outOfOrder + result.pending + writers.failed.length > 0 ? 1 : 0
