// The tables that delivery tests write to, and the count of what became of their changes. Every
// change of a row raises its `n` by one, so the table alone says what must have arrived: for each
// row every number up to the present one, in this order, whoever wrote it and whatever crashed.
import type postgres from 'postgres'
import { eventually } from './eventually.ts'
import type { ReceivedMessage, ReceivedRequest, Receiver } from './receiver.ts'

/** What became of a table's changes. */
export interface Tally {
  /** Changes that were made. */
  made: number
  /** Never acknowledged, nor excused. */
  lost: number
  /** Acknowledged again after they had been acknowledged. */
  duplicated: number
  /** Sent for the first time before an earlier change of the row was acknowledged. */
  outOfOrder: number
}

let count = 0

/** Creates a table with `id`, `n`, and `note`; returns its name. */
export async function createItems(sql: postgres.Sql): Promise<string> {
  const table = `item_${(count += 1)}`
  await sql.unsafe(`create table ${table} (id int primary key, n int not null default 0, note text)`)
  return table
}

/** Inserts rows `from` to `to` in one statement. */
export async function insertItems(
  sql: postgres.Sql,
  table: string,
  from: number,
  to: number,
  note = '',
): Promise<void> {
  await sql`insert into ${sql(table)} (id, note) select i, ${note} from generate_series(${from}::int, ${to}::int) i`
}

/** Changes these rows, or all, once, in one statement. */
export async function changeItems(sql: postgres.Sql, table: string, ids?: number[]): Promise<void> {
  await sql`update ${sql(table)} set n = n + 1 where ${ids ?? null}::int[] is null or id = any(${ids ?? null}::int[])`
}

/** A writer that changes random rows until it is stopped, whatever happens to its connection. */
export interface Writer {
  /** What the statements that failed failed with. */
  readonly failures: readonly unknown[]
  /** Ends it; resolves with the number of statements that were certainly committed. */
  stop(): Promise<number>
}

/** Starts writing: a few rows a statement, `perSecond` statements a second. */
export function keepChanging(sql: postgres.Sql, table: string, rows: number, perSecond: number): Writer {
  let stopped = false
  let statements = 0
  const failures: unknown[] = []
  const work = (async () => {
    const began = performance.now()
    for (let at = 0; !stopped; at += 1) {
      const ids = Array.from({ length: 1 + (at % 3) }, (_, i) => 1 + ((at * 7 + i * 13) % rows))
      try {
        await changeItems(sql, table, ids)
        statements += 1
      } catch (error) {
        failures.push(error)
        // the database may be away: that is what some tests are about
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      const early = began + (at * 1000) / perSecond - performance.now()
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
    }
  })()
  return {
    failures,
    async stop() {
      stopped = true
      await work
      return statements
    },
  }
}

/** Which requests count, and which changes may be missing. */
export interface TallyOptions {
  /** Only requests of this sink; by default all. */
  sink?: string
  /** Changes that need not have arrived, such as discarded ones, as `${id}:${n}`. */
  excused?: ReadonlySet<string>
  timeoutMs?: number
}

/** Waits until nothing is lost any more, or the time is over, and counts. */
export async function tallyOf(
  sql: postgres.Sql,
  table: string,
  receiver: Receiver,
  { sink, excused = new Set(), timeoutMs = 60_000 }: TallyOptions = {},
): Promise<Tally> {
  const rows = await eventually(() => sql<{ id: number; n: number }[]>`select id, n from ${sql(table)}`, {
    timeoutMs,
  })
  const made = rows.flatMap(({ id, n }) => Array.from({ length: n + 1 }, (_, i) => `${id}:${i}`))
  const requests = () =>
    receiver.requests.filter(
      (r) =>
        (sink === undefined || r.headers['rowhook-sink'] === sink) &&
        r.messages[0]?.metadata['table_name'] === table,
    )
  const lost = () => {
    const arrived = new Set(requests().flatMap((r) => r.acknowledged.map(keyOf)))
    return made.filter((key) => !arrived.has(key) && !excused.has(key))
  }
  await eventually(
    () => {
      if (lost().length > 0) throw new Error('still missing some')
    },
    { timeoutMs, everyMs: 25 },
  ).catch(() => {})
  return { made: made.length, lost: lost().length, ...countDisorder(requests(), excused) }
}

const keyOf = ({ record }: ReceivedMessage) => `${String(record?.['id'])}:${String(record?.['n'])}`

function countDisorder(requests: readonly ReceivedRequest[], excused: ReadonlySet<string>) {
  const acknowledgedAt = new Map<string, number>()
  let duplicated = 0
  for (const request of requests) {
    for (const key of request.acknowledged.map(keyOf)) {
      if (acknowledgedAt.has(key)) duplicated += 1
      acknowledgedAt.set(key, Math.min(request.answeredAt!, acknowledgedAt.get(key) ?? Infinity))
    }
  }
  const seen = new Set<string>()
  let outOfOrder = 0
  for (const request of requests) {
    const before = new Set<string>()
    for (const message of request.messages) {
      const key = keyOf(message)
      const previous = `${String(message.record?.['id'])}:${Number(message.record?.['n']) - 1}`
      const first = !seen.has(key)
      seen.add(key)
      before.add(key)
      if (!first || Number(message.record?.['n']) === 0 || excused.has(previous)) continue
      if (before.has(previous)) continue
      if (!((acknowledgedAt.get(previous) ?? Infinity) < request.at)) outOfOrder += 1
    }
  }
  return { duplicated, outOfOrder }
}

/** What a tally must be where nothing went wrong. */
export const flawless = { lost: 0, duplicated: 0, outOfOrder: 0 }

/** Milliseconds from each change to its first arrival, in order of arrival. */
export function delaysOf(requests: readonly ReceivedRequest[]): number[] {
  const seen = new Set<string>()
  return requests.flatMap(({ messages, at }) =>
    messages.flatMap((message) => {
      const key = keyOf(message)
      if (seen.has(key)) return []
      seen.add(key)
      return [performance.timeOrigin + at - Date.parse(String(message.metadata['commit_timestamp']))]
    }),
  )
}

/** The value below which this share of the numbers lies. */
export function quantile(numbers: readonly number[], share: number): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * share)] ?? Number.NaN
}
