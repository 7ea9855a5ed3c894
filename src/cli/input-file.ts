// Files that commands read: YAML or JSON, with variables filled in.
import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import { ConfigError } from '../errors.ts'
import { type Environment, substitute } from './substitute.ts'

/** The option that names a file to read. */
export const fileFlag = {
  type: 'string',
  value: 'file',
  file: true,
  about: 'read it from a YAML or JSON file, - for standard input; ${VAR} is filled in',
} as const

/** The text of a file; `-` is standard input. */
export async function readText(file: string): Promise<string> {
  if (file === '-') return readAll(process.stdin)
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new ConfigError(`${file} cannot be read: ${code}`, { cause: error })
  }
}

/** The object in a YAML or JSON file, variables filled in. */
export async function readObject(file: string, env: Environment): Promise<Record<string, unknown>> {
  const value = substitute(await readText(file), env, file)
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw new ConfigError(`${file} must hold one object, such as name: orders`)
}
