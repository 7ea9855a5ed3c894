// `rowhook …`: finds the command and turns errors into one line and an exit code.
import { version } from '../db/release.ts'
import { RowhookError } from '../errors.ts'
import { run as start } from './start.ts'

const commands: Record<string, (args: string[]) => Promise<number>> = { start }

const help = `Usage: rowhook <command> [options]

  start   run the dispatcher and the admin API

rowhook <command> --help says more. rowhook --version prints ${version}.
`

async function main(): Promise<number> {
  const [name, ...args] = process.argv.slice(2)
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${version}\n`)
    return 0
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(help)
    return name === undefined ? 1 : 0
  }
  const command = commands[name]
  if (command === undefined) {
    process.stderr.write(`rowhook: there is no command "${name}"; rowhook --help lists them\n`)
    return 1
  }
  return command(args)
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`rowhook: ${describe(error)}\n`)
  process.exitCode = 1
}

function describe(error: unknown): string {
  if (error instanceof RowhookError) return [error.message, error.hint].filter(Boolean).join('. ')
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
    return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
