// `rowhook start` as a child process of the soak.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface Rowhook {
  pid: number
  /** How it ended although nobody asked it to; undefined: it runs, or was asked. */
  ended(): string | undefined
  api(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>
  kill(signal: NodeJS.Signals): Promise<void>
  signal(signal: NodeJS.Signals): void
}

const token = 'soak'
const key = Buffer.alloc(32, 7).toString('base64')

/** Starts one and waits until it is up; tries again while the database is away. */
export async function startRowhook(url: string): Promise<Rowhook> {
  for (;;) {
    const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/cli/main.ts'), 'start'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        DATABASE_URL: url,
        ROWHOOK_PORT: '0',
        ROWHOOK_ADMIN_TOKEN: token,
        ROWHOOK_ENCRYPTION_KEY: key,
        ROWHOOK_ALLOW_NETWORKS: '127.0.0.0/8',
        ROWHOOK_LOG_LEVEL: 'silent',
      },
    })
    const ended = once(child, 'exit')
    let words = ''
    child.stderr.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-4000)))
    let isAsked = false
    const lines = createInterface({ input: child.stdout })
    const first = await Promise.race([once(lines, 'line'), ended.then(() => undefined)])
    if (first === undefined) continue
    lines.on('line', () => {})
    const base = (JSON.parse(first[0] as string) as { url: string }).url
    return {
      pid: child.pid!,
      ended() {
        const { exitCode, signalCode } = child
        if (isAsked || (exitCode === null && signalCode === null)) return undefined
        return `process ${child.pid} ended by itself (${signalCode ?? exitCode}): ${words}`
      },
      async api(method, path, body) {
        const response = await fetch(base + path, {
          method,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          signal: AbortSignal.timeout(20_000),
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
        return (await response.json()) as Record<string, unknown>
      },
      async kill(signal) {
        isAsked = true
        child.kill('SIGCONT')
        child.kill(signal)
        const late = setTimeout(() => child.kill('SIGKILL'), 30_000)
        await ended
        clearTimeout(late)
      },
      signal: (signal) => void child.kill(signal),
    }
  }
}
