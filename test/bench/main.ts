// `make bench`: every figure that is promised, in one run, as one table. `make bench-full` (--full) takes more
// rounds, larger sizes and the combinations in between. Names of parts as arguments run only those.
import { clients } from './capture/clients.ts'
import { pgq } from './capture/pgq.ts'
import { statements } from './capture/statements.ts'
import { drain } from './drain.ts'
import type { Bench, Figure } from './harness.ts'
import { openBench } from './harness.ts'
import { latency } from './latency.ts'
import { idle, largeTransaction } from './resources.ts'
import { print } from './table.ts'

/** Each gets a server of its own. */
const parts: Record<string, (bench: Bench, full: boolean) => Promise<Figure[]>> = {
  capture: async ({ sql }, full) => [
    ...(await statements(sql, full ? 25 : 9)),
    ...(await clients(sql, full ? 7 : 3, full ? ['insert', 'update', 'delete'] : ['insert'])),
  ],
  pgq: async (_bench, full) => pgq(full ? 25 : 9),
  drain: async (bench) => drain(bench),
  latency: async (bench) => latency(bench),
  idle: async (bench) => idle(bench),
  large: async (bench) => largeTransaction(bench),
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
