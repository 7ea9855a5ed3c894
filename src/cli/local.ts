// The admin API in this process, straight on the database, where none runs: the same operations, with
// full rights. Whoever has DATABASE_URL could write the tables anyway.
import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { createApi } from '../api/app.ts'
import { readConfig } from '../config.ts'
import { connect } from '../db/connect.ts'
import { describeConnectionError, isConnectionError } from '../db/connection-error.ts'
import { createKysely } from '../db/kysely.ts'
import { version } from '../db/release.ts'
import { readProxySettings } from '../deliver/proxy.ts'
import { createReach } from '../deliver/reach.ts'
import { createSender } from '../deliver/send.ts'
import { sendTestMessage } from '../deliver/test-message.ts'
import { ConfigError } from '../errors.ts'
import { createMetrics } from '../metrics.ts'
import { type Client, createClient } from './client.ts'

/**
 * A client of an API of its own on DATABASE_URL. Close it, or its connections keep the process alive.
 * @throws ConfigError when the settings are wrong or the database cannot be reached
 */
export async function connectLocal(env: Readonly<Record<string, string | undefined>>): Promise<Client> {
  const token = randomBytes(32).toString('hex')
  const config = { ...readConfig(env), adminToken: token }
  const sql = connect(config.databaseUrl, { max: 5, idle_timeout: 30 })
  const routes = { allowNetworks: config.allowNetworks, proxies: readProxySettings(env) }
  const sender = createSender(routes)
  try {
    await sql`select 1`
  } catch (error) {
    await sql.end({ timeout: 1 })
    if (!isConnectionError(error)) throw error
    throw new ConfigError(describeConnectionError(error, config.databaseUrl), { cause: error })
  }
  const app = createApi({
    sql,
    db: createKysely(sql),
    config,
    // Standard output is the command's. Faults are told by the answers; their details on request.
    logger: pino({ level: env['ROWHOOK_LOG_LEVEL'] ?? 'silent', base: undefined }, pino.destination(2)),
    metrics: createMetrics().registry,
    sendTest: (endpointId) => sendTestMessage(sql, sender, config.keyRing, version, endpointId),
    reach: createReach(routes),
  })
  return createClient({
    place: 'the database',
    local: true,
    token,
    send: async (path, init) => app.request(path, init),
    async close() {
      await sender.close()
      await sql.end({ timeout: 5 })
    },
  })
}
