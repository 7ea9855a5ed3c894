// The only file that wires things together: `rowhook start` is this.
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from '@hono/node-server'
import { pino } from 'pino'
import type { Logger } from 'pino'
import type { Sql } from 'postgres'
import { createAlerts } from './alert/alerts.ts'
import { createApi } from './api/app.ts'
import { createPulse } from './api/pulse.ts'
import { lookAtSinks } from './api/store/signs.ts'
import type { Config } from './config.ts'
import { connect, dropConnections } from './db/connect.ts'
import { describeConnectionError, isConnectionError } from './db/connection-error.ts'
import { compare } from './db/install.ts'
import { createKysely } from './db/kysely.ts'
import { readRelease, version } from './db/release.ts'
import { parseDatabaseUrl } from './db/url.ts'
import { type ConnectionPlan, planConnections, readConnectionLimit } from './db/limits.ts'
import { sharesSessions } from './db/pooler.ts'
import { workerUrl } from './db/worker-url.ts'
import { createListeners } from './deliver/listener.ts'
import type { Listeners } from './deliver/listener.ts'
import { openJournal } from './deliver/journal.ts'
import { readProxySettings } from './deliver/proxy.ts'
import { createReach } from './deliver/reach.ts'
import { createSender } from './deliver/send.ts'
import { sendTestMessage } from './deliver/test-message.ts'
import { ConfigError } from './errors.ts'
import { createMetrics } from './metrics.ts'
import { withDatabaseMetrics } from './metrics-database.ts'
import { createDispatcher } from './schedule/dispatcher.ts'
import type { Dispatcher } from './schedule/dispatcher.ts'
import { createRunner } from './schedule/runner.ts'
import { createListening } from './schedule/listening.ts'
import { createMaintenance } from './schedule/maintenance.ts'
import { makeSource } from './schedule/make-source.ts'
import { within } from './schedule/within.ts'
import { giveStreamBack, queueDeliver, startWorker, unlockDead } from './schedule/worker.ts'
import type { Worker } from './schedule/worker.ts'

export interface StartOptions {
  config: Config
  api: boolean
  dispatch: boolean
  env: Readonly<Record<string, string | undefined>>
  /** Ends the waiting for a database. */
  signal?: AbortSignal
  /** Told once everything runs, in place of the line on standard output. */
  onUp?(url: string | undefined): void
}

export interface Started {
  /** Where the API answers; undefined without it. */
  url: string | undefined
  /** Drains and ends everything. */
  stop(): Promise<void>
}

/** What a database that is short of connections, or not up yet, is given. */
const patience = { forMs: 30_000, everyMs: 1000 }

/**
 * Starts the dispatcher and the admin API in this process. Waits where the database is starting, or has
 * no connection left for the moment: at a rolling restart, the process that is replaced holds some still.
 * @throws ConfigError with one line that names what is missing and the next step
 */
export async function start(options: StartOptions): Promise<Started> {
  const { config, signal } = options
  const logger = pino({ level: config.logLevel, base: undefined })
  const deadline = performance.now() + patience.forMs
  for (;;) {
    try {
      return await startOnce(options, logger)
    } catch (error) {
      if (!isConnectionError(error)) throw error
      const why = describeConnectionError(error, config.databaseUrl)
      if (!passes(error) || performance.now() > deadline || signal?.aborted === true) {
        throw new ConfigError(why, { cause: error })
      }
      logger.warn(`${why}; trying again`)
      await sleep(patience.everyMs, undefined, { signal }).catch(() => {})
    }
  }
}

/** too_many_connections, cannot_connect_now */
const passes = (error: unknown) => ['53300', '57P03'].includes((error as { code?: string }).code ?? '')

async function startOnce(
  { config, api, dispatch, env, onUp = announce }: StartOptions,
  logger: Logger,
): Promise<Started> {
  const { pooled, limit } = await examineDatabase(config)
  if (pooled && !parseDatabaseUrl(config.databaseUrl).pooled) {
    logger.warn(
      'a pooler in transaction mode stands between: going without prepared statements and LISTEN; say so with pgbouncer=true in DATABASE_URL, or give a direct address',
    )
  }
  const connections = planConnections(limit, config.poolSize)
  const sql = connect(config.databaseUrl, {
    max: connections.pool,
    idle_timeout: 30,
    max_lifetime: 1800,
    prepare: !pooled,
  })
  const closers: (() => Promise<unknown>)[] = [() => sql.end({ timeout: 5 })]
  const close = async (): Promise<void> => {
    for (const c of closers.toReversed()) await c()
  }
  try {
    await checkKeys(sql, config)
    if (api) await checkToken(sql, config)

    const metrics = createMetrics()
    const routes = { allowNetworks: config.allowNetworks, proxies: readProxySettings(env) }
    const sender = createSender(routes)
    closers.push(() => sender.close())

    const listeners = createListeners()
    const dispatcher = dispatch
      ? await startDispatching({
          sql,
          config,
          logger,
          metrics,
          sender,
          listeners,
          pooled,
          connections,
          closers,
        })
      : undefined
    const listening =
      dispatcher === undefined ? undefined : createListening({ sql, logger, listeners, dispatcher })
    let url: string | undefined
    if (api) {
      const pulse = createPulse(
        (...asked) => lookAtSinks(sql, ...asked),
        (error) => logger.warn({ err: error }, 'pages could not be told what happens; trying again'),
      )
      const app = createApi({
        sql,
        db: createKysely(sql),
        config,
        logger,
        metrics: withDatabaseMetrics(metrics.registry, sql),
        sendTest: (endpointId) => sendTestMessage(sql, sender, config.keyRing, version, endpointId),
        reach: createReach(routes),
        ...(dispatcher === undefined
          ? {}
          : { dispatcher: { isAlive: () => dispatcher.trouble() === undefined } }),
        ...(listening === undefined ? {} : { listening }),
        pulse,
      })
      const server = await listen(app.fetch, config)
      closers.push(() => closeServer(server))
      // Answers that do not end by themselves.
      closers.push(async () => pulse.close())
      if (listening !== undefined) closers.push(() => listening.close())
      url = urlOf(server, config.host)
    }
    onUp(url)
    return { url, stop: close }
  } catch (error) {
    await close().catch(() => {})
    throw error
  }
}

// One line at every log level, on which scripts wait.
function announce(url: string | undefined): void {
  const line = url === undefined ? { msg: 'ready' } : { msg: 'listening', url }
  process.stdout.write(`${JSON.stringify({ level: 30, time: Date.now(), ...line, version })}\n`)
}

interface DispatchParts {
  sql: Sql
  config: Config
  logger: Logger
  metrics: ReturnType<typeof createMetrics>
  sender: ReturnType<typeof createSender>
  listeners: Listeners
  pooled: boolean
  connections: ConnectionPlan
  closers: (() => Promise<unknown>)[]
}

async function startDispatching({
  sql,
  config,
  logger,
  metrics,
  sender,
  listeners,
  pooled,
  connections,
  closers,
}: DispatchParts): Promise<Dispatcher> {
  const journal = openJournal(sql, (error) =>
    logger.warn({ err: error }, 'the delivery log could not be written; trying again'),
  )
  const maintenance = createMaintenance({ sql, config, logger })
  const alerts = createAlerts({ sql, sender, ring: config.keyRing, version }, logger)
  const requeue = (streamId: string, inMs: number): Promise<void> => queueDeliver(sql, streamId, inMs)
  // oxlint-disable-next-line prefer-const -- it needs the dispatcher, which may ask for its restart
  let worker: Worker | undefined
  const dispatcher = createDispatcher({
    sql,
    logger,
    metrics,
    version,
    mayListen: !pooled,
    makeRunner: (hooks) =>
      createRunner({
        sql,
        sender: listeners.divert(sender),
        journal,
        ring: config.keyRing,
        version,
        logger,
        metrics,
        requeue,
        giveBack: (stream, inMs) => giveStreamBack(sql, stream, inMs),
        refreshSource: maintenance.refreshSource,
        makeSource: makeSource(sql, logger),
        ...hooks,
      }),
    queue: async (streamIds) => {
      for (const id of streamIds) {
        // A stream with a listener here can be run by nobody else, and a job might go anywhere.
        const mayBeOurs = listeners.size > 0
        if (!mayBeOurs || !(await dispatcher.runner.start(id))) await requeue(id, 0)
      }
    },
    onDead: () => unlockDead(sql),
    reconnect: () => {
      dropConnections(sql)
      worker?.restart()
    },
    applyCommands: async (sinkId) => {
      await sql`select rowhook.apply_commands(${sinkId}, ${dispatcher.id})`
    },
  })
  // also where the rest cannot start: a dispatcher that beats on would keep runs of its own
  closers.push(async () => {
    maintenance.stop()
    alerts.stop()
    await worker?.stop()
    await dispatcher.drain()
    await within(5000, journal.close()).catch(() => {})
  })
  await dispatcher.start()
  worker = await startWorker({
    sql,
    connectionString: async () => workerUrl(config.databaseUrl),
    logger,
    pooled,
    maxConnections: connections.worker,
    deliver: async (streamId) => {
      await dispatcher.runner.start(streamId)
    },
    maintain: maintenance.run,
    alert: alerts.send,
  })
  maintenance.start()
  alerts.start()
  return dispatcher
}

/** Checks that the database is there and has the right SQL, and finds out what it allows. */
async function examineDatabase(config: Config): Promise<{ pooled: boolean; limit: number }> {
  const sql = connect(config.databaseUrl, { max: 2, prepare: false, fetch_types: false })
  try {
    await checkDatabase(sql)
    const pooled = parseDatabaseUrl(config.databaseUrl).pooled || (await sharesSessions(sql))
    return { pooled, limit: await readConnectionLimit(sql) }
  } finally {
    await sql.end({ timeout: 5 })
  }
}

async function checkDatabase(sql: Sql): Promise<void> {
  const state = await compare(sql, readRelease())
  if (state.state === 'newer') {
    throw new ConfigError(`${state.reason}`, {
      hint: 'Install the rowhook version that the database has, or newer.',
    })
  }
  if (state.state !== 'current') {
    const elsewhere = state.state === 'absent' ? ', or correct DATABASE_URL.' : ''
    throw new ConfigError(state.reason, { hint: `Run: npx install-sql${elsewhere}` })
  }
}

async function checkKeys(sql: Sql, { keyRing }: Config): Promise<void> {
  const [row] = await sql<{ keys: string[] }[]>`
    select coalesce(array_agg(distinct split_part(secret.text, '.', 2)), '{}') as keys
    from rowhook.endpoint e
    cross join lateral (
      select value from jsonb_each_text(e.encrypted_headers)
      union all select s ->> 'ciphertext' from jsonb_array_elements(e.signing_secrets) s
      union all select e.client_key where e.client_key is not null) secret(text)`
  const { keys } = row!
  if (keys.length === 0) return
  if (keyRing.length === 0) {
    throw new ConfigError('ROWHOOK_ENCRYPTION_KEY is not set, but this database holds encrypted secrets', {
      hint: 'Set it to the key that they were stored with (32 bytes, base64).',
    })
  }
  // Where only some cannot be read, the other endpoints go on, and rowhook doctor names those.
  if (keys.some((id) => keyRing.some((key) => key.id === id))) return
  throw new ConfigError('ROWHOOK_ENCRYPTION_KEY reads none of the secrets that this database holds', {
    hint: 'Set it to the key that they were stored with, or put that one behind the new one, after a comma.',
  })
}

async function checkToken(sql: Sql, config: Config): Promise<void> {
  if (config.adminToken !== undefined) return
  const [row] = await sql`
    select exists (select from rowhook.token t
      where t.revoked_at is null and (t.expires_at is null or t.expires_at > rowhook.now())) as any`
  if (row!['any'] !== true) {
    throw new ConfigError('ROWHOOK_ADMIN_TOKEN is not set, and the database holds no API token', {
      hint: 'Set it to a long random text, e.g. from: openssl rand -hex 32 (or start with --no-api).',
    })
  }
}

function listen(fetch: Parameters<typeof serve>[0]['fetch'], config: Config): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, hostname: config.host, port: config.port }, () =>
      resolve(server as Server),
    ) as Server
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new ConfigError(`ROWHOOK_PORT ${config.port} on ${config.host} is taken by another program`, {
              hint: 'Choose another ROWHOOK_PORT, or 0 for any free one.',
              cause: error,
            })
          : new ConfigError(
              `ROWHOOK_HOST ${config.host}, port ${config.port}: ${error.code ?? error.message}`,
              {
                hint: 'Give an address of this machine and a port that it may listen on.',
                cause: error,
              },
            ),
      )
    })
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), 3000).unref()
  })
}

function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}
