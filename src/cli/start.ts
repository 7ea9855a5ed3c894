// `rowhook start`: the dispatcher and the admin API in one process.
import { parseArgs } from 'node:util'
import { readConfig } from '../config.ts'
import { ConfigError } from '../errors.ts'
import { start } from '../main.ts'

export const help = `Usage: rowhook start [options]

Runs the dispatcher and the admin API in one process. Any number may run against one database.

  --no-api       dispatch only
  --no-dispatch  serve the API only
  --help         this text

Environment: DATABASE_URL, ROWHOOK_ADMIN_TOKEN, ROWHOOK_ENCRYPTION_KEY, ROWHOOK_HOST, ROWHOOK_PORT,
ROWHOOK_ALLOW_NETWORKS, ROWHOOK_LOG_LEVEL (see README).

Example: DATABASE_URL=postgres://… ROWHOOK_ADMIN_TOKEN=$(openssl rand -hex 32) rowhook start
`

/** Runs until SIGTERM or SIGINT; resolves with the exit code. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      'no-api': { type: 'boolean' },
      'no-dispatch': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help === true) {
    process.stdout.write(help)
    return 0
  }
  const [api, dispatch] = [values['no-api'] !== true, values['no-dispatch'] !== true]
  if (!api && !dispatch) throw new ConfigError('--no-api and --no-dispatch together leave nothing to run')

  const stopped = new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve())
    process.once('SIGINT', () => resolve())
  })
  const started = await start({ config: readConfig(process.env), api, dispatch, env: process.env })
  await stopped
  await started.stop()
  return 0
}
