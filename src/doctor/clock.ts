// Do the clocks of the database and of this machine agree? Receivers refuse signatures whose time is off.
import type postgres from 'postgres'
import { type Finding, findingsOf } from './finding.ts'

/** Receivers of Standard Webhooks allow five minutes; this is a clock that nobody sets. */
const farMs = 5000

/** Milliseconds that the database's clock is ahead of this one. */
export async function readClock(sql: postgres.Sql): Promise<number> {
  const began = Date.now()
  const [row] = await sql<
    { ms: number }[]
  >`select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`
  return row!.ms - (began + Date.now()) / 2
}

export function checkClock(aheadMs: number): Finding[] {
  const { ok, warning } = findingsOf('clock')
  const apart = Math.abs(aheadMs)
  if (apart < farMs)
    return [ok(`the clocks of the database and of this machine are ${Math.round(apart)} ms apart`)]
  return [
    warning(
      `the database's clock is ${Math.round(apart / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's`,
      "Let both set their clocks by NTP: requests carry the database's time, and receivers refuse what is minutes off.",
    ),
  ]
}
