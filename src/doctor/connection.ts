// What stands between rowhook and the database: does NOTIFY arrive, does a session stay one session?
import { randomUUID } from 'node:crypto'
import type postgres from 'postgres'
import { sharesSessions } from '../db/pooler.ts'
import { type Finding, findingsOf } from './finding.ts'

export interface ConnectionState {
  /** Milliseconds until a NOTIFY came back; null: it did not within `notifyTimeoutMs`, or cannot. */
  notifyMs: number | null
  /** Each connection has a session of its own. */
  sameSession: boolean
  /** Prepared statements are in use here (DATABASE_URL without pgbouncer=true). */
  prepares: boolean
}

const notifyTimeoutMs = 2000

export async function readConnection(sql: postgres.Sql): Promise<ConnectionState> {
  const sameSession = !(await sharesSessions(sql))
  // behind a pooler the LISTEN would stay behind in a session of somebody else's
  return { notifyMs: sameSession ? await timeNotify(sql) : null, sameSession, prepares: sql.options.prepare }
}

async function timeNotify(sql: postgres.Sql): Promise<number | null> {
  const channel = `rowhook_doctor_${randomUUID().replaceAll('-', '')}`
  const heard = Promise.withResolvers<number | null>()
  const timer = setTimeout(() => heard.resolve(null), notifyTimeoutMs)
  try {
    const { unlisten } = await sql.listen(channel, () => heard.resolve(performance.now()))
    const began = performance.now()
    await sql.notify(channel, '')
    const at = await heard.promise
    await unlisten().catch(() => {})
    return at === null ? null : at - began
  } finally {
    clearTimeout(timer)
  }
}

export function checkConnection({ notifyMs, sameSession, prepares }: ConnectionState): Finding[] {
  const { ok, note, warning, problem } = findingsOf('connection')
  const pooled = notifyMs === null || !sameSession
  if (!pooled) {
    return [
      ok(`NOTIFY arrives in ${Math.max(1, Math.round(notifyMs))} ms, and sessions stay sessions`),
      ...(prepares
        ? []
        : [
            note(
              'DATABASE_URL says pgbouncer=true, but no transaction pooler was noticed',
              'Where the address is a direct one, leave it out: prepared statements are faster.',
            ),
          ]),
    ]
  }
  const findings = [
    warning(
      `${sameSession ? 'NOTIFY does not arrive' : 'connections share sessions'}: a pooler in transaction mode stands between`,
      'Give rowhook a direct address (or a session pooler): behind this one it polls every 300 ms when asleep.',
    ),
  ]
  if (prepares) {
    findings.push(
      problem(
        'prepared statements are used through a transaction pooler: they fail now and then',
        'Add pgbouncer=true to DATABASE_URL, or give a direct address.',
      ),
    )
  }
  return findings
}
