// All checks, for `rowhook doctor` and GET /api/doctor. Each reads its facts and judges them; a check
// that fails is itself a finding and keeps no other from running.
import type postgres from 'postgres'
import type { Reach } from '../deliver/reach.ts'
import { RowhookError } from '../errors.ts'
import type { KeyRing } from '../secret/ring.ts'
import { checkCapture, readCapture } from './capture.ts'
import { checkClock, readClock } from './clock.ts'
import { checkConnection, readConnection } from './connection.ts'
import { checkDispatchers, readDispatchers } from './dispatchers.ts'
import { checkEndpoints, checkSecrets, readEndpoints } from './endpoints.ts'
import { type Finding, type Report, findingsOf, reportOf } from './finding.ts'
import { checkPartitions, readPartitions } from './partitions.ts'
import { checkRole, readRole } from './role.ts'
import { checkSinks, readSinks } from './sinks.ts'
import { checkTriggers, readTriggers } from './triggers.ts'
import { checkVersions, fits, readVersions } from './versions.ts'

/** What is looked at. */
export interface Patient {
  sql: postgres.Sql
  keyRing: KeyRing
  /** Tries a connection to a receiver; without it none is tried. */
  reach?: Reach | undefined
}

/** Looks at everything. Writes nothing; takes some seconds where receivers do not answer. */
export async function examine({ sql, keyRing, reach }: Patient): Promise<Report> {
  let goesOn = false
  const versions = await check('versions', async () => {
    const found = await readVersions(sql)
    goesOn = fits(found)
    return checkVersions(found)
  })
  // Everything else asks functions of the SQL at this version.
  if (!goesOn) return reportOf(versions)
  const others = await Promise.all([
    check('triggers', async () => checkTriggers(await readTriggers(sql))),
    check('capture', async () => checkCapture(await readCapture(sql))),
    check('role', async () => checkRole(await readRole(sql))),
    check('connection', async () => checkConnection(await readConnection(sql))),
    check('partitions', async () => checkPartitions(await readPartitions(sql))),
    check('dispatchers', async () => checkDispatchers(await readDispatchers(sql))),
    check('sinks', async () => checkSinks(await readSinks(sql))),
    check('endpoints', async () => {
      const endpoints = await readEndpoints(sql, keyRing, reach)
      return [...checkEndpoints(endpoints), ...checkSecrets(endpoints)]
    }),
    check('clock', async () => checkClock(await readClock(sql))),
  ])
  return reportOf([...versions, ...others.flat()])
}

async function check(name: string, work: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await work()
  } catch (error) {
    // Only what was written for people: a driver's text may quote data.
    const code = (error as { code?: unknown }).code
    const reason =
      error instanceof RowhookError
        ? error.message
        : typeof code === 'string'
          ? `error ${code}`
          : 'see the log'
    return [
      findingsOf(name).problem(
        `could not be checked: ${reason}`,
        'See whether the role of rowhook may read its own schema, and the catalog.',
      ),
    ]
  }
}
