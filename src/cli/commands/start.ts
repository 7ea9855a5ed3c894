// `rowhook start`: the dispatcher and the admin API in one process.
import { readConfig } from '../../config.ts'
import { type Command, command, exit } from '../command.ts'
import { UsageError } from '../errors.ts'

export const startCommands: Command[] = [
  command({
    path: 'start',
    about: 'Run the dispatcher and the admin API in one process',
    details: `Any number may run against one database. Prints a line of JSON with "msg":"listening" and "url" once
the API answers, "msg":"ready" with --no-api. SIGTERM drains: requests in flight finish or time out.
Settings: DATABASE_URL, ROWHOOK_ADMIN_TOKEN, ROWHOOK_ENCRYPTION_KEY, ROWHOOK_HOST, ROWHOOK_PORT,
ROWHOOK_ALLOW_NETWORKS, ROWHOOK_LOG_LEVEL.`,
    plain: true,
    flags: {
      'no-api': { type: 'boolean', about: 'dispatch only' },
      'no-dispatch': { type: 'boolean', about: 'serve the API only' },
    },
    examples: ['DATABASE_URL=postgres://… ROWHOOK_ADMIN_TOKEN=$(openssl rand -hex 32) rowhook start'],
    async run({ flags, env, signal }) {
      const [api, dispatch] = [flags['no-api'] !== true, flags['no-dispatch'] !== true]
      if (!api && !dispatch) throw new UsageError('--no-api and --no-dispatch together leave nothing to run')
      // Loads the whole product, which no other command needs.
      const { start } = await import('../../main.ts')
      const started = await start({ config: readConfig(env), api, dispatch, env })
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
      await started.stop()
      return exit.ok
    },
  }),
]
