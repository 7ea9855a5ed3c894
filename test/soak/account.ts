// The soak's account of one sink: the ledger of what committed, against what its receiver acknowledged
// and what stands among its discarded messages.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from 'postgres'
import type { Arrival, SoakReceiver } from './receiver.ts'

/** A sink of the soak. */
export interface SoakSink {
  name: string
  receiver: SoakReceiver
  /** Which rows it wants. */
  wants: (id: number) => boolean
}

export interface Account {
  committed: number
  delivered: number
  discarded: number
  pending: number
  lost: number
  /** Acknowledged before an earlier change of its row, by the order of commits. */
  outOfOrder: number
  examples: string[]
}

interface Change {
  id: number
  n: number
  op: string
}

/** A name for one state of one row; `step` gives every state a number of its own. */
const nameOf = (id: unknown, n: unknown, deleted: boolean): string =>
  `${String(id)}:${String(n)}${deleted ? ':deleted' : ''}`

const describe = (what: string, at: number, { event, request }: Arrival): string =>
  `${what} (event ${event}) as no. ${at}, in request ${request.count}, ${request.webhookId}, attempt ${request.attempt}, ${request.weather}`

/** What the delivery log and the discarded messages say of two changes that came the wrong way round. */
async function requestsOf(sql: Sql, name: string, events: number[]): Promise<string[]> {
  const requests = await sql`
    select r.at::text, r.webhook_id, r.attempt, r.replay_id, r.status, r.error, cardinality(r.event_ids) as members,
      array(select e from unnest(r.event_ids) e where e = any (${events}::bigint[])) as events
    from rowhook.delivery r join rowhook.sink s on s.id = r.sink_id
    where s.name = ${name} and r.event_ids && ${events}::bigint[] order by r.at`
  const discarded = await sql`
    select d.event_id, d.replay_id, d.attempts, d.webhook_id, d.error, d.discarded_at::text
    from rowhook.discarded d join rowhook.sink s on s.id = d.sink_id
    where s.name = ${name} and d.event_id = any (${events}::bigint[])`
  return [...requests, ...discarded].map((row) => `  ${JSON.stringify(row)}`)
}

/** What the log, the delivery log and the discarded messages say of a change that never arrived. */
async function tracesOf(sql: Sql, name: string, { id, n, op }: Change): Promise<string[]> {
  const events = await sql`
    select e.id::text, e.xid::text, e.captured_at::text, e.action, e.sinks, (e.extra).undecided, (e.extra).shape::text,
      k.id as sink
    from rowhook.event e, rowhook.sink k
    where k.name = ${name} and e.record ->> 'id' = ${String(id)} and e.record ->> 'n' = ${String(n)}
      and (e.action = 'd') = ${op === 'delete'}`
  const traces = events.map((event) => `  ${JSON.stringify(event)}`)
  for (const { id: event } of events) traces.push(...(await requestsOf(sql, name, [Number(event)])))
  const [stream] = await sql`
    select st.tick_from, st.tick_to, st.last_id from rowhook.stream st join rowhook.sink k on k.id = st.sink_id
    where k.name = ${name} and st.replay_id is null`
  return [...traces, `  ${JSON.stringify(stream)}`]
}

/** Waits until nothing is pending or failing, for longer than the longest backoff at most, and counts. */
export async function account(
  sql: Sql,
  { name, receiver, wants }: SoakSink,
  api: (method: string, path: string) => Promise<Record<string, unknown> | undefined>,
): Promise<Account> {
  let pending = -1
  const end = Date.now() + 720_000
  while (pending !== 0 && Date.now() < end) {
    await sleep(500)
    const sink = await api('GET', `/api/sinks/${name}`)
    pending = Number(sink?.['pending'] ?? -1) + Number(sink?.['failing'] ?? 0)
  }
  await sleep(1000) // for the acknowledgements of what was counted as delivered
  const ledger = (await sql<Change[]>`select id, n, op from ledger order by seq`).filter(({ id }) =>
    wants(id),
  )
  const discardedRows = await sql<Change[]>`
    select (d.record ->> 'id')::int as id, (d.record ->> 'n')::int as n, d.event ->> 'action' as op
    from rowhook.discarded d join rowhook.sink s on s.id = d.sink_id
    where s.name = ${name} and d.replay_id is null`
  const arrived = new Map<string, number>()
  for (const [at, { record, action }] of receiver.first.entries()) {
    arrived.set(nameOf(record['id'], record['n'], action === 'delete'), at)
  }
  const discarded = new Set(discardedRows.map(({ id, n, op }) => nameOf(id, n, op === 'd')))
  const result: Account = {
    committed: ledger.length,
    delivered: receiver.first.length,
    discarded: discarded.size,
    pending,
    lost: 0,
    outOfOrder: 0,
    examples: [],
  }
  const last = new Map<number, { at: number; what: string }>()
  for (const { id, n, op } of ledger) {
    const what = nameOf(id, n, op === 'delete')
    const at = arrived.get(what)
    if (at === undefined) {
      if (discarded.has(what)) continue
      result.lost++
      result.examples.push(`${name}: lost ${what}`)
      if (result.lost <= 5) result.examples.push(...(await tracesOf(sql, name, { id, n, op })))
      continue
    }
    const before = last.get(id)
    if (before !== undefined && at < before.at) {
      result.outOfOrder++
      if (result.outOfOrder <= 3) {
        const events = [receiver.first[at]!.event, receiver.first[before.at]!.event]
        result.examples.push(...(await requestsOf(sql, name, events)))
      }
      // With the events' numbers: they say whether the log or the delivery had them the wrong way round.
      result.examples.push(
        `${name}: ${describe(what, at, receiver.first[at]!)} before ${describe(before.what, before.at, receiver.first[before.at]!)}`,
      )
    }
    last.set(id, { at, what })
  }
  return result
}
