// A configuration document on disk: its text, its value with variables filled in, and where in the file
// each part stands.
import { existsSync } from 'node:fs'
import { type Document, type LineCounter, isNode } from 'yaml'
import { ApiError } from './errors.ts'
import { readText } from './input-file.ts'
import { type Environment, parseYaml, substitute } from './substitute.ts'

/** A document. */
export interface ConfigFile {
  name: string
  text: string
  /** As it was written, variables not filled in. */
  document: Document
  /** With variables filled in. */
  value: unknown
  /** The same error, its problems saying the lines of the file. */
  locate(error: unknown): unknown
}

/**
 * Reads a document.
 * @param options.orNew a file that does not exist is an empty one
 * @throws ConfigError when it cannot be read, is not YAML, or names variables that are not set
 */
export async function readConfigFile(
  name: string,
  env: Environment,
  options: { orNew?: boolean } = {},
): Promise<ConfigFile> {
  const text = options.orNew === true && !existsSync(name) ? '' : await readText(name)
  const { document, lines } = parseYaml(text, name)
  return {
    name,
    text,
    document,
    value: substitute(text, env, name) ?? {},
    locate: (error) => locate(error, name, document, lines),
  }
}

function locate(error: unknown, name: string, document: Document, lines: LineCounter): unknown {
  if (!(error instanceof ApiError) || error.problems.length === 0) return error
  const problems = error.problems.map(({ path, message, ...rest }) => {
    const line = lineOf(path, document, lines)
    return { ...rest, message, path: line === undefined ? path : `${name}:${line}: ${path}` }
  })
  return new ApiError(error.status, error.message, { code: error.code, problems })
}

/** The line of what a path such as `sinks[0].tables[1].filter` names, or of the nearest thing around it. */
function lineOf(path: string, document: Document, lines: LineCounter): number | undefined {
  const keys = [...path.matchAll(/([^.[\]]+)/g)].map(([key]) => (/^\d+$/.test(key) ? Number(key) : key))
  for (let length = keys.length; length > 0; length--) {
    const node = document.getIn(keys.slice(0, length), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return undefined
}
