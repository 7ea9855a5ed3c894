// What a dispatcher does beside delivering: it keeps capture in step with the tables, and partitions
// ahead of time and behind it.
import type { Logger } from 'pino'
import type { Sql } from 'postgres'
import type { Config } from '../config.ts'

export interface Maintenance {
  /** Makes a source's capture anew if its table changed since. */
  refreshSource(sourceId: number): Promise<void>
  /** Partitions and everything else that has to be bounded; the job `maintain`. */
  run(): Promise<void>
  start(): void
  stop(): void
}

export interface MaintenanceOptions {
  sql: Sql
  config: Config
  logger: Logger
}

/** Between looks at the tables: a partition that was attached is captured under its own name by then. */
const refreshEveryMs = 5000

/** Makes the maintenance of a dispatcher. */
export function createMaintenance({ sql, config, logger }: MaintenanceOptions): Maintenance {
  let timer: NodeJS.Timeout | undefined

  async function refreshAll(): Promise<void> {
    try {
      await sql`select rowhook.refresh_changed()`
    } catch (error) {
      logger.warn({ err: error }, 'capture could not be brought in step with the tables; trying again')
    }
  }

  return {
    async refreshSource(sourceId) {
      await sql`select rowhook.refresh_source(${sourceId})`
    },
    async run() {
      await sql`
        call rowhook.maintain(
          make_interval(secs => ${config.minRetentionMs / 1000}),
          make_interval(secs => ${config.deliveryLogRetentionMs / 1000}))`
    },
    start() {
      timer = setInterval(() => void refreshAll(), refreshEveryMs)
    },
    stop() {
      clearInterval(timer)
    },
  }
}
