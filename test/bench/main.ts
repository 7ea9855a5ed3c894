// `make bench`: every figure that is promised, in one run, as one table. `make bench-full` (--full) takes more
// rounds, larger sizes and the combinations in between. Names of parts as arguments run only those.
import { brokenSinks, outage } from './broken.ts'
import { clients } from './capture/clients.ts'
import { merges } from './capture/merges.ts'
import { pgq } from './capture/pgq.ts'
import { statements } from './capture/statements.ts'
import { drain } from './drain.ts'
import { many, payload, retained } from './growth.ts'
import type { Bench, Figure } from './harness.ts'
import { openBench } from './harness.ts'
import { history, liveBesideBackfill } from './history.ts'
import { jobQueue } from './job-queue.ts'
import { latency } from './latency.ts'
import { idle, largeTransaction } from './resources.ts'
import { search } from './search.ts'
import { sinks } from './sink-list.ts'
import { print } from './table.ts'
import { writers } from './writers.ts'

/** Each gets a server of its own. */
const parts: Record<string, (bench: Bench, full: boolean) => Promise<Figure[]>> = {
  capture: async ({ sql }, full) => [
    ...(await statements(sql, full ? 25 : 7)),
    ...(await clients(sql, full ? 7 : 2, full ? ['insert', 'update', 'delete'] : ['insert'])),
  ],
  merges: async ({ sql }, full) => merges(sql, full ? 25 : 9),
  pgq: async (_bench, full) => pgq(full ? 25 : 7),
  writers: async (bench, full) => writers(bench, full ? 7 : 3),
  drain: async (bench, full) => drain(bench, full ? 7 : 3),
  latency: async (bench) => latency(bench),
  broken: async (bench) => brokenSinks(bench),
  outage: async (bench, full) => outage(bench, 100, full ? 3600 : 900),
  history: async (bench, full) => history(bench, full ? 1_000_000 : 100_000, 3),
  beside: async (bench, full) => liveBesideBackfill(bench, full ? 3_000_000 : 1_000_000, full ? 9 : 5),
  queue: async (bench, full) => jobQueue(bench, full ? 7 : 3),
  many: async (bench, full) => many(bench, [1, 10, 100], full ? 5 : 2),
  retained: async (bench, full) => retained(bench, 100_000, full ? 10_000_000 : 1_000_000, full ? 9 : 5),
  payload: async (bench, full) => payload(bench, full ? 5 : 2),
  idle: async (bench) => idle(bench),
  large: async (bench) => largeTransaction(bench),
  sinks: async (bench, full) => sinks(bench, 1000, full ? 1000 : 300),
  search: async (bench, full) => search(bench, full ? 10_000_000 : 1_000_000),
}

const args = process.argv.slice(2)
const full = args.includes('--full')
const wanted = args.filter((arg) => arg !== '--full')
for (const name of wanted) {
  if (parts[name] !== undefined) continue
  process.stderr.write(`there is no part ${name}; there are ${Object.keys(parts).join(', ')}\n`)
  process.exit(1)
}
const figures: Figure[] = []
for (const [name, part] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  process.stderr.write(`${name} …\n`)
  const bench = await openBench()
  try {
    figures.push(...(await part(bench, full)))
  } finally {
    await bench.close()
  }
}
print(figures)
process.exitCode = figures.some((f) => f.ok === false) ? 1 : 0
