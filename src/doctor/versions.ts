// Do the SQL in the database, this program, and Postgres fit together?
import type postgres from 'postgres'
import { type Comparison, compare } from '../db/install.ts'
import { readRelease, version } from '../db/release.ts'
import { type Finding, findingsOf } from './finding.ts'

export interface Versions {
  /** null: this role may not read what is installed. */
  comparison: Comparison | null
  /** server_version_num: 180004. */
  server: number
}

/** Majors of Postgres that rowhook is made for. */
const majors = { oldest: 14, newest: 18 }

export async function readVersions(sql: postgres.Sql): Promise<Versions> {
  const [row] = await sql<{ server: number }[]>`select current_setting('server_version_num')::int as server`
  return { comparison: await compareIfAllowed(sql), server: row!.server }
}

async function compareIfAllowed(sql: postgres.Sql): Promise<Comparison | null> {
  try {
    return await compare(sql, readRelease())
  } catch (error) {
    if ((error as { code?: unknown }).code === '42501') return null
    throw error
  }
}

/** Whether functions of rowhook at this version can be asked. */
export function fits({ comparison }: Versions): boolean {
  return comparison === null || comparison.state === 'current'
}

export function checkVersions({ comparison, server }: Versions): Finding[] {
  const { ok, warning, problem } = findingsOf('versions')
  const major = Math.floor(server / 10_000)
  return [
    checkComparison(comparison),
    major < majors.oldest
      ? problem(
          `Postgres ${major} is older than rowhook runs on`,
          `Upgrade to Postgres ${majors.oldest} or newer.`,
        )
      : major > majors.newest
        ? warning(`Postgres ${major} is newer than this rowhook was tested with`, 'Look for a newer rowhook.')
        : ok(`Postgres ${major}`),
  ]
}

function checkComparison(comparison: Comparison | null): Finding {
  const { ok, problem } = findingsOf('versions')
  if (comparison === null) {
    return problem(
      'this role may not read what is installed',
      'Connect as the role that ran install-sql, or make this one a member of it.',
    )
  }
  const { state, reason } = comparison
  if (state === 'current') return ok(`rowhook ${version}, and its SQL is what the database has`)
  const todo =
    state === 'newer'
      ? 'Run the rowhook version that the database has, or a newer one.'
      : 'Run: npx install-sql'
  return problem(reason, todo)
}
