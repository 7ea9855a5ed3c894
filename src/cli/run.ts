// One run of `rowhook`: from the command line to an exit code. Errors become text here and only here.
import { RowhookError } from '../errors.ts'
import { version } from '../db/release.ts'
import type { Client } from './client.ts'
import { type ExitCode, exit } from './command.ts'
import { commands } from './commands.ts'
import { ApiError, UsageError } from './errors.ts'
import { commandHelp, groupHelp, overview } from './help.ts'
import { parse } from './parse.ts'
import { printable } from './terminal/text.ts'
import type { Terminal } from './terminal/terminal.ts'

/** What a run stands on. */
export interface Surroundings {
  terminal: Terminal
  env: Readonly<Record<string, string | undefined>>
  /** Opens the admin API. */
  connect(): Promise<Client>
  signal: AbortSignal
}

/** Runs a command line; resolves with the exit code, never rejects. */
export async function runCommandLine(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { terminal, env, connect, signal } = surroundings
  let client: Promise<Client> | undefined
  try {
    const parsed = parse(argv, commands)
    if (parsed.kind === 'version') {
      terminal.print(version)
      return exit.ok
    }
    if (parsed.kind === 'help') {
      const text =
        parsed.command !== undefined
          ? commandHelp(parsed.command)
          : parsed.group !== undefined
            ? groupHelp(parsed.group, commands)
            : overview(commands, version)
      terminal.print(text.trimEnd())
      return argv.length === 0 ? exit.usage : exit.ok
    }
    const { command, args, flags, json } = parsed
    return await command.run({
      args,
      flags,
      json,
      terminal,
      env,
      signal,
      api: () => (client ??= connect()),
    })
  } catch (error) {
    for (const line of linesOf(error, env)) terminal.note(line)
    return error instanceof UsageError ? exit.usage : exit.error
  } finally {
    await (await client?.catch(() => undefined))?.close().catch(() => {})
  }
}

/** What went wrong and the next step in one line, then a line for each field that is wrong. */
function linesOf(error: unknown, env: Surroundings['env']): string[] {
  if (error instanceof ApiError && error.problems.length > 0) {
    const [first, ...others] = error.problems.map(({ path, message, position }) => {
      const at = position === undefined ? '' : ` (at character ${position})`
      return path === '' ? `${message}${at}` : `${path}: ${message}${at}`
    })
    if (others.length === 0) return [`rowhook: ${printable(first!)}`]
    return [
      `rowhook: ${error.problems.length} things are wrong`,
      ...[first!, ...others].map((line) => `  ${printable(line)}`),
    ]
  }
  if (error instanceof RowhookError) {
    const sentence =
      error.hint === undefined || /[.!?]$/.test(error.message) ? error.message : `${error.message}.`
    return [`rowhook: ${printable([sentence, error.hint].filter(Boolean).join(' '))}`]
  }
  const text = error instanceof Error ? error.message : String(error)
  if (env['ROWHOOK_LOG_LEVEL'] === 'debug' && error instanceof Error) return [`rowhook: ${error.stack}`]
  return [`rowhook: ${printable(text)} (a fault of rowhook; ROWHOOK_LOG_LEVEL=debug shows where)`]
}
