// What the benchmarks share: one embedded Postgres with its usual durability, a receiver in a process
// of its own, and `rowhook start` as users run it (`make bench` builds it first). Everything shares the
// machine's cores, so results are ratios within one run.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Sql } from 'postgres'
import { connect } from '../../src/db/connect.ts'
import { install } from '../../src/db/install.ts'
import { readRelease } from '../../src/db/release.ts'
import { startPostgres } from '../../src/embedded/postgres.ts'

/** One line of the table. */
export interface Figure {
  name: string
  value: string
  /** What it is compared with, and the result. */
  against: string
  ratio: number | null
  /** The least (or, with `atMost`, the greatest) ratio or value that is promised. */
  target?: string
  ok?: boolean
}

export interface Counted {
  requests: number
  ms: number
  latencies: number[]
}

export interface BenchReceiver {
  url: string
  reset(measure?: boolean): Promise<void>
  read(): Promise<Counted>
  /** Waits until so many requests have arrived. */
  until(requests: number, timeoutMs?: number): Promise<Counted>
  close(): void
}

export interface Rowhook {
  pid: number
  url: string
  /** Of the admin API, and to sign in with. */
  token: string
  api(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>
  stop(): Promise<void>
}

export interface Bench {
  sql: Sql
  url: string
  receiver: BenchReceiver
  rowhook(args?: string[]): Promise<Rowhook>
  /** The same stage with another database of the server, where rowhook is installed. Closes with this one. */
  database(name: string): Promise<Bench>
  /** Requests a second that undici alone reaches with bodies of so many bytes. */
  bareLoop(count: number, bytes: number, connections?: number): Promise<number>
  close(): Promise<void>
}

/** Durability as usual; room for what the benchmarks write. */
export const benchSettings = { shared_buffers: '256MB', max_wal_size: '4GB', max_connections: 100 }

const token = 'bench'
const key = randomBytes(32).toString('base64')

/** Sets the stage; `close` takes it down. */
export async function openBench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'rowhook-bench-'))
  chmodSync(folder, 0o755) // run by root, the server's own account must get in
  const server = await startPostgres({
    dataDir: join(folder, 'data'),
    settings: benchSettings,
  })
  await install(server.url, readRelease())
  const sql = connect(server.url, { max: 20 })
  const receiver = await forkReceiver()
  const running = new Set<Rowhook>()
  const pools = [sql]
  const rowhookOn =
    (url: string) =>
    async (args: string[] = []): Promise<Rowhook> => {
      const started = await startRowhook(url, args)
      running.add(started)
      return started
    }
  const bench: Bench = {
    sql,
    url: server.url,
    receiver,
    rowhook: rowhookOn(server.url),
    async database(name) {
      await sql`create database ${sql(name)}`
      const url = new URL(server.url)
      url.pathname = `/${name}`
      await install(url.href, readRelease())
      const its = connect(url.href, { max: 20 })
      pools.push(its)
      return { ...bench, sql: its, url: url.href, rowhook: rowhookOn(url.href) }
    },
    async bareLoop(count, bytes, connections = 16) {
      await receiver.reset()
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, 'bare-loop.ts'), receiver.url, ...[count, bytes, connections].map(String)],
        { stdio: 'inherit' },
      )
      await once(child, 'exit')
      const { requests, ms } = await receiver.read()
      return (requests / ms) * 1000
    },
    async close() {
      for (const r of running) await r.stop()
      receiver.close()
      for (const pool of pools) await pool.end()
      await server.stop('immediate')
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return bench
}

async function forkReceiver(): Promise<BenchReceiver> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'receiver-process.ts'))
  const ask = async <T>(message?: object): Promise<T> => {
    const answer = once(child, 'message') as Promise<[T]>
    if (message !== undefined) child.send(message)
    return (await answer)[0]
  }
  const { port } = await ask<{ port: number }>()
  const read = (): Promise<Counted> => ask<Counted>({ do: 'read' })
  return {
    url: `http://127.0.0.1:${port}`,
    async reset(measure = false) {
      await ask({ do: 'reset', measure })
    },
    read,
    async until(requests, timeoutMs = 120_000) {
      const end = performance.now() + timeoutMs
      for (;;) {
        const counted = await read()
        if (counted.requests >= requests) return counted
        if (performance.now() > end)
          throw new Error(`only ${counted.requests} of ${requests} requests arrived`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    close: () => void child.kill(),
  }
}

async function startRowhook(url: string, args: string[]): Promise<Rowhook> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../bin/rowhook'), 'start', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      DATABASE_URL: url,
      ROWHOOK_PORT: '0',
      ROWHOOK_ADMIN_TOKEN: token,
      ROWHOOK_ENCRYPTION_KEY: key,
      ROWHOOK_ALLOW_NETWORKS: '127.0.0.0/8',
      ROWHOOK_LOG_LEVEL: 'error',
    },
  })
  const lines = createInterface({ input: child.stdout })
  const [first] = (await once(lines, 'line')) as [string]
  lines.on('line', (line) => process.stderr.write(`${line}\n`))
  const api = (JSON.parse(first) as { url?: string }).url ?? ''
  return {
    pid: child.pid!,
    url: api,
    token,
    async api(method, path, body) {
      const response = await fetch(api + path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
      return response.status === 204 ? {} : ((await response.json()) as Record<string, unknown>)
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

/** The p-th percentile (0…1) of unsorted values. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN
}

/** `123,456` */
export const whole = (n: number): string => Math.round(n).toLocaleString('en-US')
