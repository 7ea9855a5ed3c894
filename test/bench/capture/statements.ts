// What capture costs inside of a writer's statement. Loops run in the server, so neither the network nor a
// commit dilutes the difference.
import type { Sql } from 'postgres'
import type { Figure } from '../harness.ts'
import { median, ratioOf, type Rounds, takeTurns } from '../paired.ts'
import { emptyTables, fill, makeTables, statement, type Variant, type Write } from './tables.ts'

/** Rows that one measurement of single-row statements writes; and of statements of many rows. */
const rowsMeasured = { one: 400, many: 4000 }
const perStatement = 1000
const actions = ['insert', 'update', 'delete'] as const

/** How many times as fast as the row trigger: on one row, and on many. */
const targets: Record<Write['action'], { one: number; many: number }> = {
  insert: { one: 1, many: 1.8 },
  update: { one: 1, many: 1 },
  delete: { one: 1, many: 1.8 },
}

/** Measures statements of one row and of 1,000, against no trigger and a row trigger. */
export async function statements(sql: Sql, rounds: number): Promise<Figure[]> {
  const variants: Variant[] = ['bare', 'trigger', 'definer', 'one', 'filtered', 'ten', 'hundred']
  await makeTables(sql, variants)
  const figures: Figure[] = []
  for (const rows of [1, perStatement]) {
    for (const action of actions) {
      const taken = await measure(sql, variants, { action, rows }, rounds)
      const us = (name: Variant) => median(taken[name]).toFixed(1)
      const ratio = ratioOf(taken.trigger, taken.one)
      const target = targets[action][rows === 1 ? 'one' : 'many']
      figures.push({
        name: `capture: ${action} of ${rows === 1 ? 'one row' : `${rows} rows`}`,
        value: `${us('one')} µs a row; 10 sinks ${us('ten')}, 100 sinks ${us('hundred')}`,
        against: `row trigger ${us('trigger')} (security definer ${us('definer')}), none ${us('bare')}`,
        ratio,
        target: `≥ ${target}`,
        ok: ratio >= target,
      })
      if (rows > 1 && action === 'insert') figures.push(sinksFigure(taken, 'hundred', 3))
    }
  }
  return figures
}

/** Rounds of one kind of statement over these variants; microseconds a row. */
export async function measure(
  sql: Sql,
  variants: readonly Variant[],
  write: Write,
  rounds: number,
): Promise<Rounds<Variant>> {
  const count = write.rows === 1 ? rowsMeasured.one : rowsMeasured.many / write.rows
  // the first round fills caches, and is not counted
  const taken = await takeTurns(rounds + 1, variants, async (variant, round) => {
    if (variant === variants[round % variants.length]) await emptyTables(sql, variants)
    await fill(sql, variant, write.action === 'insert' ? 0 : write.rows * count)
    // a block of its own keeps the statement's plan, as a client's prepared statement does
    const block = `do $loop$ declare v_at int := 1; begin for n in 1..${count} loop
      ${statement(variant, write)}; v_at := v_at + ${write.rows}; end loop; end $loop$`
    const [timed] = await sql<{ us: number }[]>`select bench.timed(${block}) as us`
    return timed!.us / (count * write.rows)
  })
  for (const list of Object.values(taken)) list.shift()
  return taken
}

function sinksFigure(taken: Rounds<Variant>, variant: Variant, target: number): Figure {
  const ratio = ratioOf(taken[variant], taken.filtered)
  return {
    name: 'capture: 100 sinks with filters of their own',
    value: `${median(taken[variant]).toFixed(1)} µs a row`,
    against: `one sink with a filter ${median(taken.filtered).toFixed(1)}`,
    ratio,
    target: `≤ ${target}`,
    ok: ratio <= target,
  }
}
