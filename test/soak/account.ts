// The soak's account: the ledger of what committed, against what the receiver acknowledged and what
// stands among the discarded messages.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from 'postgres'
import type { SoakReceiver } from './receiver.ts'
import type { Writers } from './writers.ts'

export interface Account {
  committed: number
  delivered: number
  discarded: number
  pending: number
  lost: number
  outOfOrder: number
  examples: string[]
}

/** Waits until nothing is pending, for five minutes at most, and counts. */
export async function account(
  sql: Sql,
  receiver: SoakReceiver,
  api: (method: string, path: string) => Promise<Record<string, unknown> | undefined>,
  writers: Writers,
): Promise<Account> {
  void writers
  let pending = -1
  const end = Date.now() + 300_000
  while (pending !== 0 && Date.now() < end) {
    await sleep(500)
    const sink = await api('GET', '/api/sinks/soak')
    pending = Number(sink?.['pending'] ?? -1) + Number(sink?.['failing'] ?? 0)
  }
  await sleep(1000)
  const ledger = await sql<{ id: number; n: number; op: string }[]>`select id, n, op from ledger order by seq`
  const discardedRows = await sql<{ id: number; n: number; action: string }[]>`
    select (event #>> '{record,id}')::int as id, (event #>> '{record,n}')::int as n, event ->> 'action' as action
    from rowhook.discarded`
  const name = (id: unknown, n: unknown, deleted: boolean): string =>
    `${String(id)}:${String(n)}${deleted ? ':deleted' : ''}`
  const arrived = new Map<string, number>()
  for (const [at, a] of receiver.first.entries()) {
    arrived.set(name(a.record['id'], a.record['n'], a.action === 'delete'), at)
  }
  const discarded = new Set(discardedRows.map((d) => name(d.id, d.n, d.action === 'd')))
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
    const what = name(id, n, op === 'delete')
    const at = arrived.get(what)
    if (at === undefined) {
      if (discarded.has(what)) continue
      result.lost++
      result.examples.push(`lost ${what}`)
      continue
    }
    const before = last.get(id)
    if (before !== undefined && at < before.at) {
      result.outOfOrder++
      result.examples.push(`${what} arrived before ${before.what}`)
    }
    last.set(id, { at, what })
  }
  return result
}
