// What writers reach together: 1, 4 and 16 sessions, each committing after every statement. They loop in the
// server, so that no client takes the database's share of the machine, and do not wait for the disk, which
// would hide what capture costs.
import type { ReservedSql, Sql } from 'postgres'
import type { Figure } from '../harness.ts'
import { whole } from '../harness.ts'
import { median, ratioOf, takeTurns } from '../paired.ts'
import { emptyTables, fill, statement, type Variant, type Write } from './tables.ts'

const rowsMeasured = { one: 8000, many: 24_000 }
const perStatement = 100
const variants: Variant[] = ['bare', 'trigger', 'one', 'ten', 'hundred']

/** Rows a second under each number of clients; the tables are those of statements.ts. */
export async function clients(sql: Sql, rounds: number, actions: Write['action'][]): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const action of actions) {
    for (const rows of [1, perStatement]) {
      for (const count of [1, 4, 16]) {
        const taken = await takeTurns(rounds, variants, (variant) =>
          perSecond(sql, variant, { action, rows }, count),
        )
        const rate = (name: Variant) => whole(median(taken[name]))
        figures.push({
          name: `capture: ${action}s of ${rows === 1 ? 'one row' : `${rows} rows`}, ${count} client${count === 1 ? '' : 's'}`,
          value: `${rate('one')} rows/s; 10 sinks ${rate('ten')}, 100 sinks ${rate('hundred')}`,
          against: `row trigger ${rate('trigger')}, none ${rate('bare')}`,
          ratio: ratioOf(taken.one, taken.trigger),
        })
      }
    }
  }
  return figures
}

async function perSecond(sql: Sql, variant: Variant, write: Write, clientCount: number): Promise<number> {
  const total = write.rows === 1 ? rowsMeasured.one : rowsMeasured.many
  const each = Math.ceil(total / write.rows / clientCount)
  await emptyTables(sql, variants)
  await fill(sql, variant, write.action === 'insert' ? 0 : each * write.rows * clientCount)
  const sessions = await Promise.all(Array.from({ length: clientCount }, () => sql.reserve()))
  try {
    await Promise.all(sessions.map((session) => session`set synchronous_commit = off`))
    const begun = performance.now()
    await Promise.all(
      sessions.map((session, i) => loop(session, statement(variant, write), write.rows, each, i)),
    )
    return ((each * clientCount * write.rows) / (performance.now() - begun)) * 1000
  } finally {
    await Promise.all(sessions.map((session) => session`reset synchronous_commit`))
    for (const session of sessions) session.release()
  }
}

async function loop(
  session: ReservedSql,
  text: string,
  rows: number,
  count: number,
  client: number,
): Promise<void> {
  await session.unsafe(`do $loop$ declare v_at int := ${client * count * rows + 1}; begin
    for n in 1..${count} loop ${text}; commit; v_at := v_at + ${rows}; end loop; end $loop$`)
}
