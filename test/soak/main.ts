// `make soak MINUTES=30 SEED=1`: writers, DDL, kills, receiver faults, backfills, replays and edits at
// random, and at the end an account of every committed change: delivered, discarded or lost, in order
// or not. Fails when anything was lost, out of order, or a write failed.
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../src/db/connect.ts'
import { install } from '../../src/db/install.ts'
import { readRelease } from '../../src/db/release.ts'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { type SoakSink, account } from './account.ts'
import { type Rowhook, startRowhook } from './dispatcher.ts'
import { createRandom } from './random.ts'
import type { Weather } from './receiver.ts'
import { startReceiver } from './receiver.ts'
import { pieces, prepareTables, startWriters } from './writers.ts'

const minutes = Number(process.env['MINUTES'] || '5')
const seed = Number(process.env['SEED'] || Math.floor(Math.random() * 1e9))
const random = createRandom(seed)
const say = (line: string): void => void process.stdout.write(`${line}\n`)
say(`soak: ${minutes} minutes, SEED=${seed}`)

const folder = mkdtempSync(join(tmpdir(), 'rowhook-soak-'))
chmodSync(folder, 0o755) // run by root, the server's own account must get in
const server = await startPostgres({ dataDir: join(folder, 'data'), settings: { max_connections: 100 } })
await install(server.url, readRelease())
const sql = connect(server.url, { max: 12 })
await prepareTables(sql)
// One sink wants everything of its table and never gives up. Another has a filter and discards what fails for long;
// nothing that befalls the first may keep it. The third is of rows that move between partitions.
const sinks: SoakSink[] = [
  { name: 'soak', receiver: await startReceiver(createRandom(seed + 1)), wants: (id) => id < pieces },
  {
    name: 'filtered',
    receiver: await startReceiver(createRandom(seed + 2)),
    wants: (id) => id < pieces && id % 3 === 0,
  },
  { name: 'pieces', receiver: await startReceiver(createRandom(seed + 3)), wants: (id) => id >= pieces },
]
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
for (const { name, receiver } of sinks) {
  await api('POST', '/api/endpoints', { name, url: receiver.url })
  const isFiltered = name === 'filtered'
  await api('POST', '/api/sinks', {
    name,
    endpoint: name,
    batch_size: 10,
    request_timeout_ms: 2000,
    max_retry_count: isFiltered ? 2 : null,
    tables: [
      name === 'pieces'
        ? { name: 'piece', group_by: ['id'] }
        : { name: 'item', filter: isFiltered ? 'id % 3 = 0' : null },
    ],
  })
}
await sql`select rowhook.retain('item', '1 day')`
const writers = startWriters(sql, random, 6)

const anySink = (): string => random.pick(sinks).name
const startedAt = Date.now()
const counts: Record<string, number> = {}
let columns = 0
const actions: Record<string, () => Promise<unknown>> = {
  async weather() {
    random.pick(sinks).receiver.weather = random.pick<Weather>([
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
  backfill: () => {
    const name = anySink()
    return api('POST', `/api/sinks/${name}/backfills`, {
      tables: [{ name: name === 'pieces' ? 'piece' : 'item' }],
    })
  },
  replay: () =>
    api('POST', `/api/sinks/${anySink()}/replays`, { since: new Date(Date.now() - 30_000).toISOString() }),
  edit: () =>
    api('PATCH', `/api/sinks/${anySink()}`, {
      batch_size: random.pick([1, 5, 10, 100]),
      concurrency: random.between(1, 16),
    }),
  // of the sink that discards nothing: what was discarded would come behind its group
  redeliverFailing: () => api('POST', '/api/sinks/soak/messages/redeliver', { state: 'failing' }),
  async pause() {
    const name = anySink()
    await api('POST', `/api/sinks/${name}/pause`)
    await sleep(random.between(500, 5000))
    await api('POST', `/api/sinks/${name}/resume`)
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
// The rarer ones stand once in the deck, the others more often; the deck is drawn to its end before it is
// shuffled anew, so that the shortest soak does everything.
const every = [
  ...Object.keys(actions),
  'weather',
  'weather',
  'weather',
  'kill',
  'restart',
  'addColumn',
  'dropColumn',
  'edit',
]
// ONLY="freeze weather" does nothing else, to get to the bottom of something
const only = process.env['ONLY']?.split(' ')
const menu = every.filter((name) => only === undefined || only.includes(name))
let deck: string[] = []
const draw = (): string => {
  if (deck.length === 0) deck = [...menu]
  return deck.splice(random.between(0, deck.length - 1), 1)[0]!
}

const memory: number[] = []
const ended: string[] = []
while (Date.now() - startedAt < minutes * 60_000) {
  const name = draw()
  counts[name] = (counts[name] ?? 0) + 1
  const at = ((Date.now() - startedAt) / 1000).toFixed(1)
  if (process.env['VERBOSE'] !== undefined)
    say(
      `  ${new Date().toISOString().slice(11, 19)}, ${at} s, ${memory.at(-1)?.toFixed(0) ?? '?'} MB: ${name}`,
    )
  await actions[name]!().catch((error: unknown) => {
    const { code = '', message } = error as { code?: string; message: string }
    if (!/^(CONNECTION_|CONNECT_TIMEOUT|57P|55P03|40P01|08)/.test(code)) say(`  ${name}: ${code} ${message}`)
  })
  // whatever befalls it, a dispatcher stays up
  for (const [i, p] of processes.entries()) {
    const how = p.ended()
    if (how === undefined) continue
    say(`  ${how}`)
    ended.push(how)
    processes[i] = await startRowhook(server.url)
  }
  const status = readFileSync(`/proc/${processes[0]!.pid}/status`, 'utf8')
  memory.push(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
  await sleep(random.between(200, 2500))
}
say(`  did ${JSON.stringify(counts)}`)

for (const { receiver } of sinks) receiver.weather = 'fair'
await writers.stop()
let bad = writers.failed.length + ended.length
const examples: string[] = []
for (const sink of sinks) {
  const { receiver } = sink
  const result = await account(sql, sink, api)
  bad += result.lost + result.outOfOrder + Math.abs(result.pending)
  examples.push(...result.examples.slice(0, 40))
  say(
    `SEED=${seed} ${sink.name}: ${result.committed} changes committed, ${result.delivered} delivered, ${result.discarded} discarded, ` +
      `${result.pending} pending, ${receiver.duplicates} duplicated; lost ${result.lost}, out of order ${result.outOfOrder}, ` +
      `failed writes ${writers.failed.length}, ended by itself ${ended.length}; ${receiver.requests} requests, ${receiver.reads} rows backfilled, ${receiver.replayed} replayed`,
  )
}
// a tick that begins its windows' scans behind what was handed out hides events sooner or later
const [ahead] = await sql<
  { ticks: number }[]
>`select count(*)::int as ticks from rowhook.tick where low > high`
if (ahead!.ticks > 0) examples.push(`${ahead!.ticks} ticks have a low above their high`)
bad += ahead!.ticks
const [size] = await sql<{ log: string; rest: string }[]>`
  select pg_size_pretty(sum(pg_total_relation_size(c.oid)) filter (where c.relname like 'event%')) as log,
    pg_size_pretty(sum(pg_total_relation_size(c.oid)) filter (where c.relname not like 'event%')) as rest
  from pg_class c where c.relnamespace = 'rowhook'::regnamespace and c.relkind = 'r'`
for (const p of processes) await p.kill('SIGTERM')
processes = []
const middle = Math.floor(memory.length / 2)
const peak = (of: number[]): string => Math.max(0, ...of).toFixed(0)
say(`  ${writers.transactions} transactions; tables: the log ${size!.log}, everything else ${size!.rest}`)
say(
  `  memory of a dispatcher, at most: ${peak(memory.slice(0, middle))} MB in the first half, ${peak(memory.slice(middle))} MB in the second`,
)
for (const line of [...examples, ...new Set(writers.failed)].slice(0, 80)) say(`  ${line}`)
for (const { receiver } of sinks) receiver.close()
await sql.end({ timeout: 5 })
await server.stop(bad > 0 ? 'fast' : 'immediate')
// what went wrong may show in the log's ticks, windows and positions long after
if (bad > 0) say(`  the database stays as it was, in ${folder}`)
else rmSync(folder, { recursive: true, force: true })
process.exitCode = bad > 0 ? 1 : 0
