// `make bench`: every figure that is promised, in one run, as one table.
import { run as capture } from './capture.ts'
import { drain } from './drain.ts'
import type { Figure } from './harness.ts'
import { openBench } from './harness.ts'
import { latency } from './latency.ts'
import { idle, largeTransaction } from './resources.ts'

const parts: Record<string, (bench: Awaited<ReturnType<typeof openBench>>) => Promise<Figure[]>> = {
  capture,
  drain,
  latency,
  idle,
  large: largeTransaction,
}

const wanted = process.argv.slice(2)
const figures: Figure[] = []
for (const [name, part] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  process.stderr.write(`${name} …\n`)
  const bench = await openBench()
  try {
    figures.push(...(await part(bench)))
  } finally {
    await bench.close()
  }
}
print(figures)
process.exitCode = figures.some((f) => f.ok === false) ? 1 : 0

function print(rows: readonly Figure[]): void {
  const cells = [
    ['figure', 'result', 'compared with', 'ratio', 'target'],
    ...rows.map((f) => [
      f.name,
      f.value,
      f.against,
      f.ratio === null ? '' : f.ratio.toFixed(2),
      f.target === undefined ? '' : `${f.target} ${f.ok === true ? '✓' : '✗'}`,
    ]),
  ]
  const widths = cells[0]!.map((_, i) => Math.max(...cells.map((c) => c[i]!.length)))
  for (const row of cells)
    process.stdout.write(
      `${row
        .map((c, i) => c.padEnd(widths[i]!))
        .join('  ')
        .trimEnd()}\n`,
    )
}
