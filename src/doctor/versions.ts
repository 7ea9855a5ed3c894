// Do the SQL in the database, this program, and Postgres fit together?
import type postgres from 'postgres'
import { type Comparison, compare } from '../db/install.ts'
import { readRelease, version } from '../db/release.ts'
import { type Finding, findingsOf } from './finding.ts'

export interface Versions {
  comparison: Comparison
  /** server_version_num: 180004. */
  server: number
}

/** Majors of Postgres that rowhook is made for. */
const majors = { oldest: 14, newest: 18 }

export async function readVersions(sql: postgres.Sql): Promise<Versions> {
  const [row] = await sql<{ server: number }[]>`select current_setting('server_version_num')::int as server`
  return { comparison: await compare(sql, readRelease()), server: row!.server }
}

export function checkVersions({ comparison, server }: Versions): Finding[] {
  const { ok, warning, problem } = findingsOf('versions')
  const major = Math.floor(server / 10_000)
  return [
    comparison.state === 'current'
      ? ok(`rowhook ${version}, and its SQL is what the database has`)
      : problem(
          comparison.reason,
          comparison.state === 'newer'
            ? 'Run the rowhook version that the database has, or a newer one.'
            : 'Run: npx install-sql',
        ),
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
