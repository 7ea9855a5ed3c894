// Tables for people: columns under headings, aligned, cut to the width of the terminal.
import { type Paint, type Style, cut, painter, printable, width } from './text.ts'
import type { Terminal } from './terminal.ts'

/** A column of a table. */
export interface Column<Row> {
  heading: string
  /** What stands in it; null and undefined are shown as a dash. */
  value(row: Row): string | number | boolean | null | undefined
  /** Default left. */
  align?: 'right'
  /** Gives way when the terminal is narrow; what stands in others is never cut. */
  elastic?: boolean
  style?(row: Row): Style | undefined
}

const gap = '  '
/** An elastic column is not made narrower than this, even if lines wrap then. */
const narrowest = 12

/** Prints rows as a table; `empty` instead when there are none. */
export function printTable<Row>(
  terminal: Terminal,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  empty: string,
): void {
  if (rows.length === 0) {
    terminal.note(empty)
    return
  }
  const paint = painter(terminal.coloured)
  for (const line of tableLines(columns, rows, terminal.columns, paint)) terminal.print(line)
}

/** The lines of a table. */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  available: number | undefined,
  paint: Paint,
): string[] {
  const cells = rows.map((row) => columns.map(({ value }) => textOf(value(row))))
  const widths = columns.map(({ heading }, i) =>
    Math.max(width(heading), ...cells.map((row) => width(row[i]!))),
  )
  shrink(columns, widths, available)
  const line = (texts: readonly string[], styleOf: (i: number) => Style | undefined): string =>
    texts
      .map((text, i) => {
        const shown = cut(text, widths[i]!)
        const style = styleOf(i)
        const painted = style === undefined ? shown : paint(style, shown)
        const padding = ' '.repeat(widths[i]! - width(shown))
        if (columns[i]!.align === 'right') return padding + painted
        return i === columns.length - 1 ? painted : painted + padding
      })
      .join(gap)
  return [
    line(
      columns.map(({ heading }) => heading),
      () => 'dim',
    ),
    ...rows.map((row, r) => line(cells[r]!, (i) => columns[i]!.style?.(row))),
  ].map((text) => text.trimEnd())
}

function textOf(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined || value === '') return '-'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return printable(String(value))
}

/** Takes what is too wide from the elastic columns, the widest first. */
function shrink(columns: readonly Column<never>[], widths: number[], available: number | undefined): void {
  if (available === undefined) return
  let excess = widths.reduce((sum, each) => sum + each, 0) + gap.length * (widths.length - 1) - available
  while (excess > 0) {
    const elastic = columns.flatMap(({ elastic }, i) =>
      elastic === true && widths[i]! > narrowest ? [i] : [],
    )
    if (elastic.length === 0) return
    const widest = elastic.reduce((a, b) => (widths[b]! > widths[a]! ? b : a))
    const next = Math.max(narrowest, ...elastic.filter((i) => i !== widest).map((i) => widths[i]!))
    const taken = Math.min(excess, Math.max(1, widths[widest]! - next))
    widths[widest]! -= taken
    excess -= taken
  }
}

/** Prints one thing as `name  value` lines; what is undefined is left out. */
export function printFields(terminal: Terminal, fields: Readonly<Record<string, unknown>>): void {
  const paint = painter(terminal.coloured)
  const shown = Object.entries(fields).filter(([, value]) => value !== undefined)
  const longest = Math.max(...shown.map(([name]) => name.length))
  for (const [name, value] of shown) {
    const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : textOf(value as string)
    terminal.print(`${paint('dim', name.padEnd(longest))}  ${printable(text)}`)
  }
}
