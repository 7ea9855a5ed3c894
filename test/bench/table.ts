// The table of figures, as text whose columns line up.
import type { Figure } from './harness.ts'

export function print(rows: readonly Figure[]): void {
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
