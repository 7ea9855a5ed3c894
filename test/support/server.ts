// A Postgres server for tests, in a temporary folder.
import { execFileSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  type PostgresOptions,
  type PostgresServer,
  startPostgres,
  volatileSettings,
} from '../../src/embedded/postgres.ts'
import { atEnd } from './at-end.ts'
import { serverFolder } from './folder.ts'

/** Options of a server for tests: all of the embedded server's, save where its data lies. */
export interface ServerOptions extends Omit<PostgresOptions, 'dataDir'> {
  /** The data folder of a stopped server, to begin with a copy of. */
  copyOf?: string
  /** Called with the data folder before the server starts, where it is a copy. */
  prepare?(dataDir: string): void
}

/** Starts a server whose folder goes with it; the caller removes it. */
export async function startServer({ copyOf, prepare, ...options }: ServerOptions = {}): Promise<{
  server: PostgresServer
  remove: () => Promise<void>
}> {
  const folder = serverFolder()
  chmodSync(folder, 0o755) // run by root, the server's own account must get in
  const removeFolder = () => rmSync(folder, { recursive: true, force: true })
  const dataDir = join(folder, 'data')
  try {
    if (copyOf !== undefined) execFileSync('cp', ['-a', copyOf, dataDir])
    if (copyOf !== undefined) prepare?.(dataDir)
    const server = await startPostgres({ ...options, dataDir })
    const remove = async () => {
      await server.stop('immediate')
      removeFolder()
    }
    return { server, remove }
  } catch (error) {
    removeFolder()
    throw error
  }
}

/**
 * A server of the test's own, for tests that kill it, restart it or need other settings. It is gone
 * when the test (or, from `beforeAll`, the file) has ended. Most tests want `createDatabase` instead.
 */
export async function ownServer(options: ServerOptions = {}): Promise<PostgresServer> {
  const { server, remove } = await startServer({
    ...options,
    settings: { ...volatileSettings, ...options.settings },
  })
  atEnd(remove)
  return server
}
