// The only module that imports Graphile Worker. A job never does a delivery itself: `deliver` starts a
// stream's run in this process and is over, so that a slow sink holds no worker slot and a killed
// process leaves no job locked for Graphile's four hours. The lease on the stream says who runs it.
import { Logger as GraphileLogger, run } from 'graphile-worker'
import type { Runner as GraphileRunner, TaskList } from 'graphile-worker'
import type { Logger } from 'pino'
import type { Sql } from 'postgres'
import { DatabaseError } from '../errors.ts'
import { within } from './within.ts'
import type { AlertJob } from '../alert/alerts.ts'

/** Graphile Worker's schema; not its default one, so that a user's own never clashes. */
export const workerSchema = 'rowhook_worker'

export interface WorkerOptions {
  /** A pool to ask whether the schema is still there. */
  sql: Sql
  /** Asked for at every start, because the host that answers may be another one then. */
  connectionString(): Promise<string>
  logger: Logger
  /** A transaction pooler stands between: prepared statements would land elsewhere, and no news of jobs come. */
  pooled: boolean
  /** At least 2: one listens. */
  maxConnections: number
  deliver(streamId: string): Promise<void>
  maintain(): Promise<void>
  /** Sends an alert; the job is tried again when it rejects. */
  alert(job: AlertJob, attempt: number): Promise<void>
}

export interface Worker {
  /** Begins anew with new connections; those that wait for an answer are left to themselves. */
  restart(): void
  stop(): Promise<void>
}

/** Starts taking jobs. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const tasks: TaskList = {
    deliver: async (payload) => options.deliver((payload as { stream: string }).stream),
    maintain: async () => options.maintain(),
    alert: async (payload, { job }) => options.alert(payload as AlertJob, job.attempts),
  }
  const logger = options.logger.child({ part: 'worker' })
  let stopped = false
  let runner: GraphileRunner | undefined
  let timer: NodeJS.Timeout | undefined
  let generation = 0

  // Graphile Worker gives up after a series of errors, as when the database is away for long.
  const again = (why: unknown): void => {
    if (stopped) return
    logger.warn({ err: why }, 'the job worker ended; starting it again in 2 s')
    timer = setTimeout(() => void begin().catch(again), 2000)
  }

  async function begin(): Promise<void> {
    const mine = (generation += 1)
    await requireSchema(options.sql)
    const begun = await run({
      connectionString: await options.connectionString(),
      schema: workerSchema,
      taskList: tasks,
      crontab: '*/5 * * * * maintain ?max=1',
      concurrency: options.maxConnections + 1,
      maxPoolSize: options.maxConnections,
      // Each of the workers polls. New jobs are told by LISTEN, and what is due later is also found by
      // every beat (find_orphans); behind a pooler a job only starts when it is looked for.
      pollInterval: options.pooled ? 1000 : 20_000,
      noHandleSignals: true,
      noPreparedStatements: options.pooled,
      // Told one by one, nobody hears of it when telling how a job ended fails, and the rejection ends the process.
      // In batches, the worker then gives up and is started again, as for everything else.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      logger: new GraphileLogger(() => (level, message) => {
        // every job that starts and ends is news to nobody
        if (level === 'error') logger.warn(message)
        else if (level === 'warning') logger.debug(message)
        else logger.trace(message)
      }),
    })
    const ended = (why: unknown): void => {
      if (mine === generation) again(why)
    }
    begun.promise.then(() => ended(undefined), ended)
    if (mine === generation && !stopped) runner = begun
    else void begun.stop().catch(() => {})
  }

  await begin()
  return {
    restart() {
      if (stopped) return
      void runner?.stop().catch(() => {})
      runner = undefined
      generation += 1
      clearTimeout(timer)
      timer = setTimeout(() => void begin().catch(again), 100)
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      // its connections may be waiting for a database that is gone
      await within(5000, runner?.stop() ?? Promise.resolve()).catch(() => {})
    },
  }
}

/** Graphile Worker makes its schema where there is none: once rowhook was uninstalled, it must not come back. */
async function requireSchema(sql: Sql): Promise<void> {
  const [row] = await sql`select to_regclass(${`${workerSchema}.migrations`}) is not null as there`
  if (row!['there'] !== true)
    throw new DatabaseError(`the schema ${workerSchema} is gone: rowhook was uninstalled`, {
      hint: 'end this process, or run install-sql',
    })
}

/** Queues the start of a stream's run, once however often it is asked for. */
export async function queueDeliver(sql: Sql, streamId: string, inMs: number): Promise<void> {
  await sql`
    select rowhook_worker.add_job(
      'deliver', json_build_object('stream', ${streamId}::text),
      run_at => clock_timestamp() + ${inMs} * interval '1 millisecond',
      max_attempts => 5, job_key => ${`deliver:${streamId}`}::text, job_key_mode => 'replace')`
}

/**
 * Gives a stream's lease back, unless it is lost already, and queues its next start in the same transaction: one that
 * another dispatcher asks for as soon as the stream is free is not put off by ours, nor ours taken too early.
 * @param inMs undefined: no start is queued
 */
export async function giveStreamBack(
  sql: Sql,
  { id, token }: { id: string; token: string },
  inMs: number | undefined,
): Promise<void> {
  await sql`
    select case when r.released and ${inMs !== undefined} then rowhook_worker.add_job(
      'deliver', json_build_object('stream', ${id}::text),
      run_at => clock_timestamp() + ${inMs ?? 0} * interval '1 millisecond',
      max_attempts => 5, job_key => ${`deliver:${id}`}::text, job_key_mode => 'replace') end
    from (select rowhook.release_stream(${id}, ${token}) as released) r`
}

/** Frees the jobs that workers of dead dispatchers hold: `deliver` only starts something, so it is never slow. */
export async function unlockDead(sql: Sql): Promise<void> {
  await sql`
    select rowhook_worker.force_unlock_workers(array_agg(distinct j.locked_by))
    from rowhook_worker._private_jobs j
    where j.locked_at < clock_timestamp() - interval '15 seconds'
    having count(*) > 0`
}
