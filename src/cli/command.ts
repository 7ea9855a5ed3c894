// What a command is. Every command of `rowhook` is one of these in the table of commands.ts, from which
// parsing, help and shell completion are made, so that none of them can know less than another.
import type { Client } from './client.ts'
import type { Terminal } from './terminal/terminal.ts'

/** Exit codes. */
export const exit = {
  ok: 0,
  /** It could not be done; the reason is on standard error. */
  error: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** It worked, and there is something to look at: plan has changes, doctor found problems. */
  findings: 3,
} as const
export type ExitCode = (typeof exit)[keyof typeof exit]

/** An option such as `--limit 50`. */
export interface Flag {
  type: 'string' | 'boolean'
  /** May be given several times. */
  multiple?: boolean
  /** What the help calls its value: `--limit <n>`. */
  value?: string
  about: string
  /** Its only values. */
  choices?: readonly string[]
  /** Its value is the name of a file. */
  file?: boolean
}

type FlagValue<F extends Flag> = F extends { type: 'boolean' }
  ? boolean
  : F extends { multiple: true }
    ? string[]
    : string

/** Values of options by name; what was not given is absent. */
export type FlagValues<F extends Record<string, Flag>> = { readonly [K in keyof F]?: FlagValue<F[K]> }

/** One run of a command. */
export interface Call<Flags = Readonly<Record<string, string | boolean | string[]>>> {
  /** Positional arguments; their number was checked. */
  args: readonly string[]
  flags: Flags
  /** Print what scripts read: JSON. */
  json: boolean
  terminal: Terminal
  env: Readonly<Record<string, string | undefined>>
  /** The admin API: over HTTP, or in process over the database. Opened once, closed by the caller. */
  api(): Promise<Client>
  /** Aborted by SIGINT and SIGTERM, for commands that wait. */
  signal: AbortSignal
}

/** A command. */
export interface Command {
  /** Words behind `rowhook`: `sinks list`. */
  path: string
  /** One line, an imperative. */
  about: string
  /** More, for its own help. */
  details?: string
  /** Positional arguments as the help shows them: `SINK`, `[EVENT_ID]` (optional), `EVENT_ID…` (one or more). */
  args: readonly string[]
  flags: Readonly<Record<string, Flag>>
  /** Has no `--json`: what it prints is a format of its own. */
  plain?: boolean
  examples: readonly string[]
  run(call: Call): Promise<ExitCode>
}

/** Declares a command; its `run` sees the types of its own flags. */
export function command<const F extends Record<string, Flag> = Record<never, Flag>>(
  declared: Omit<Command, 'args' | 'flags' | 'run'> & {
    args?: readonly string[]
    flags?: F
    run(call: Call<FlagValues<F>>): Promise<ExitCode>
  },
): Command {
  const { args = [], flags = {}, ...rest } = declared
  // parse.ts gives each command values of its own flags only.
  return { ...rest, args, flags, run: (call) => declared.run(call as Call<FlagValues<F>>) }
}
