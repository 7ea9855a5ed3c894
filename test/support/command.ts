// The commands as users run them: a child process with its exit code and what it printed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** How a command ended. */
export interface Outcome {
  code: number | null
  stdout: string
  stderr: string
}

const sources = join(import.meta.dirname, '../../src/cli')

/** Runs `install-sql` from source. */
export const installSql = async (args: string[], env: Record<string, string> = {}): Promise<Outcome> =>
  run(process.execPath, [join(sources, 'install-sql.ts'), ...args], { env })

/** Runs `rowhook` from source. */
export const rowhook = async (args: string[], env: Record<string, string> = {}): Promise<Outcome> =>
  run(process.execPath, [join(sources, 'main.ts'), ...args], { env })

/** Runs a program to its end. Of our own environment only PATH, HOME and the compile cache reach it. */
export async function run(
  program: string,
  args: string[],
  options: { env?: Record<string, string>; cwd?: string; uid?: number } = {},
): Promise<Outcome> {
  const { PATH = '', HOME = '/', NODE_COMPILE_CACHE = '' } = process.env
  const child = spawn(program, args, {
    ...options,
    env: { PATH, HOME, NODE_COMPILE_CACHE, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  return { code, stdout, stderr }
}
