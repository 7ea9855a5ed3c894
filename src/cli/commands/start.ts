// `rowhook start`: the dispatcher and the admin API in one process.
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { type Config, readConfig } from '../../config.ts'
import { type Environment } from '../substitute.ts'
import { type Command, command, exit } from '../command.ts'
import { readConfigFile } from '../config-file.ts'
import { ApiError, UsageError } from '../errors.ts'
import { send } from './config.ts'

/** Several processes may start with one document at once; who loses tries again. */
const applyAttempts = 5

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
      config: { type: 'string', value: 'file', file: true, about: 'apply this configuration document first' },
      prune: { type: 'boolean', about: 'with --config: also remove what the document lacks' },
    },
    examples: [
      'DATABASE_URL=postgres://… ROWHOOK_ADMIN_TOKEN=$(openssl rand -hex 32) rowhook start',
      'rowhook start --config rowhook.yml',
    ],
    async run({ flags, env, signal }) {
      const [api, dispatch] = [flags['no-api'] !== true, flags['no-dispatch'] !== true]
      if (!api && !dispatch) throw new UsageError('--no-api and --no-dispatch together leave nothing to run')
      if (flags.prune === true && flags.config === undefined)
        throw new UsageError('--prune goes with --config')
      const config = readConfig(env)
      if (flags.config !== undefined) await applyFile(flags.config, flags.prune === true, config, env)
      // Loads the whole product, which no other command needs.
      const { start } = await import('../../main.ts')
      const started = await start({ config, api, dispatch, env, signal })
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
      await started.stop()
      return exit.ok
    },
  }),
]

async function applyFile(name: string, prune: boolean, config: Config, env: Environment): Promise<void> {
  const logger = pino({ level: config.logLevel, base: undefined })
  const file = await readConfigFile(name, env)
  const { connectLocal } = await import('../local.ts')
  const client = await connectLocal(env)
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        const { changes } = (await send(client, file, 'apply', prune)).value
        for (const { action, kind, name, signing_secret } of changes) {
          logger.info({ action, kind, name }, 'configuration applied')
          // A log is no place for it.
          if (signing_secret !== undefined)
            logger.warn(
              { endpoint: name },
              'a signing secret was made that nobody has seen: name one in the document, or rotate-secret',
            )
        }
        return
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 409 || attempt === applyAttempts) throw error
        await sleep(200 * attempt)
      }
    }
  } finally {
    await client.close()
  }
}
