// Is anybody delivering?
import type postgres from 'postgres'
import { version } from '../db/release.ts'
import { type Finding, counted, findingsOf, someOf } from './finding.ts'

export interface DispatcherState {
  name: string
  version: string
  /** Seconds since its last sign of life. */
  silentS: number
  draining: boolean
}

export interface Dispatchers {
  dispatchers: DispatcherState[]
  /** Active sinks; without any, nobody needs to deliver. */
  activeSinks: number
}

/** Beats come every second; others take over after six. */
const deadAfterS = 10

export async function readDispatchers(sql: postgres.Sql): Promise<Dispatchers> {
  const dispatchers = await sql<DispatcherState[]>`
    select format('%s (pid %s)', d.host, d.pid) as name, d.version, d.draining,
      extract(epoch from rowhook.now() - d.beat_at)::float8 as "silentS"
    from rowhook.dispatcher d order by d.started_at`
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from rowhook.sink where status = 'active'`
  return { dispatchers: [...dispatchers], activeSinks: row!.count }
}

export function checkDispatchers({ dispatchers, activeSinks }: Dispatchers): Finding[] {
  const { ok, note, warning, problem } = findingsOf('dispatchers')
  const alive = dispatchers.filter(({ silentS }) => silentS <= deadAfterS)
  const dead = dispatchers.filter(({ silentS }) => silentS > deadAfterS)
  const findings: Finding[] = []
  const none = 'no dispatcher runs: nothing is delivered, changes are kept'
  if (alive.length === 0 && activeSinks > 0) findings.push(problem(none, 'Run: rowhook start'))
  else if (alive.length === 0) findings.push(note(none, 'Run: rowhook start'))
  else findings.push(ok(`${counted(alive.length, 'dispatcher')}: ${someOf(alive.map(({ name }) => name))}`))
  for (const { name, silentS } of dead) {
    findings.push(
      warning(
        `dispatcher ${name} has been silent for ${Math.round(silentS)} s`,
        'A running dispatcher takes its work over and forgets it within 10 s; see why it died.',
      ),
    )
  }
  const others = alive.filter((each) => each.version !== version)
  if (others.length > 0) {
    findings.push(
      warning(
        `${someOf(others.map((each) => `${each.name} runs rowhook ${each.version}`))}; this is ${version}`,
        'Finish the upgrade: all should run one version.',
      ),
    )
  }
  return findings
}
