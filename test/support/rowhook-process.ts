// `rowhook start` as a child process, from source: what users run, with its signals and exit codes.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { atEnd } from './at-end.ts'
import { eventually } from './eventually.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')

/** The root token of every process that tests start. */
export const adminToken = 'root-token-of-the-tests'

/** The encryption key of every process that tests start, so that several share a database. */
export const encryptionKey = randomBytes(32).toString('base64')

/** One line of the log, parsed. */
export type LogLine = Record<string, unknown> & { msg?: string; url?: string }

/** What the API answered. */
export interface ApiAnswer {
  status: number
  headers: Headers
  /** Parsed when it is JSON, else the text. */
  body: any
}

/** A running `rowhook start`. */
export interface RowhookProcess {
  readonly pid: number
  /** Where the API listens; empty with `--no-api`. */
  readonly url: string
  /** Everything that it has logged so far. */
  readonly logs: readonly LogLine[]
  /** What it printed that is no JSON. */
  readonly output: readonly string[]
  /** Calls the API as root; paths begin with `/`. */
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>
  /** Resolves with the first line, past or future, that fits. */
  waitForLog(fits: (line: LogLine) => boolean, options?: { timeoutMs?: number }): Promise<LogLine>
  /** Sends a signal and resolves when the process has ended. Default SIGTERM. */
  kill(signal?: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** Sends a signal and does not wait (SIGSTOP, SIGCONT). */
  signal(signal: NodeJS.Signals): void
}

/**
 * Starts a dispatcher and API on any free port, and resolves when it is up. Killed with the test.
 * @param options.url the database
 * @param options.env added to the settings that tests share (token, key, receivers on 127.0.0.1)
 * @param options.args after `start`, such as `--no-api`
 * @throws when it ends before it is up, with what it printed
 */
export async function startRowhook(options: {
  url: string
  env?: Record<string, string>
  args?: string[]
  timeoutMs?: number
}): Promise<RowhookProcess> {
  const args = options.args ?? []
  const child = spawn(process.execPath, [main, 'start', ...args], {
    env: { ...sharedEnvironment(), DATABASE_URL: options.url, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const logs: LogLine[] = []
  const output: string[] = []
  collect(child.stdout, logs, output)
  collect(child.stderr, logs, output)
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const kill = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (!hasEnded(child)) child.kill(signal)
    const [code, by] = await ended
    return { code, signal: by }
  }
  atEnd(async () => {
    child.kill('SIGCONT') // a stopped process cannot die of anything but SIGKILL, and leaves children
    await kill('SIGKILL')
  })

  const waitForLog = async (fits: (line: LogLine) => boolean, { timeoutMs = 20_000 } = {}) =>
    eventually(
      () => {
        const line = logs.find(fits)
        if (line === undefined) throw new Error(`no such line in the log:\n${lastWords(logs, output)}`)
        return line
      },
      { timeoutMs },
    )
  const up = args.includes('--no-api') ? 'ready' : 'listening'
  const first = await Promise.race([
    waitForLog(({ msg }) => msg === up, { timeoutMs: options.timeoutMs ?? 60_000 }),
    ended.then(([code]) => {
      throw new Error(`rowhook start ended with exit code ${code}:\n${lastWords(logs, output)}`)
    }),
  ])
  const url = first.url ?? ''
  return {
    pid: child.pid!,
    url,
    logs,
    output,
    api: async (method, path, body, headers) => callApi(url + path, method, body, headers),
    waitForLog,
    kill,
    signal: (signal) => void child.kill(signal),
  }
}

function sharedEnvironment(): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
    ROWHOOK_PORT: '0',
    ROWHOOK_ADMIN_TOKEN: adminToken,
    ROWHOOK_ENCRYPTION_KEY: encryptionKey,
    ROWHOOK_ALLOW_NETWORKS: '127.0.0.0/8,::1/128',
    ROWHOOK_LOG_LEVEL: 'debug',
  }
}

function collect(stream: Readable, logs: LogLine[], output: string[]): void {
  createInterface({ input: stream }).on('line', (line) => {
    try {
      const parsed: unknown = JSON.parse(line)
      if (typeof parsed === 'object' && parsed !== null) logs.push(parsed as LogLine)
      else output.push(line)
    } catch {
      output.push(line)
    }
  })
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

const lastWords = (logs: LogLine[], output: string[]) =>
  [...logs.slice(-20).map((line) => JSON.stringify(line)), ...output.slice(-20)].join('\n')

async function callApi(
  url: string,
  method: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<ApiAnswer> {
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${adminToken}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = /json/.test(response.headers.get('content-type') ?? '')
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
}
