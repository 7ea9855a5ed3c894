// ${VAR} and ${VAR:-default} in YAML, filled in from the environment. Only the command line does this:
// on a server it would read the server's variables for whoever may send a document.
//
// Values are put into parsed scalars, not into the text, so that no value can add a field or break the
// document, however it is spelled. In a quoted scalar the result is text; in a plain one it has the type
// that YAML would have given it (batch_size: ${SIZE}). $${VAR} stands for ${VAR} itself.
import { type Document, type Scalar, LineCounter, isScalar, parseDocument, visit } from 'yaml'
import { ConfigError } from '../errors.ts'

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

const variable = /\$(\$\{[^}]*\}|\{([A-Za-z_][A-Za-z0-9_]*)(:?-([^}]*))?\}|\{[^}]*\}?)/g

/**
 * Parses a YAML document.
 * @param file its name, for messages
 * @throws ConfigError with line and column where it is not YAML; never quotes it, it may hold a secret
 */
export function parseYaml(text: string, file: string): { document: Document; lines: LineCounter } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const [fault] = [...document.errors, ...document.warnings]
  if (fault !== undefined) {
    const { line, col } = lines.linePos(fault.pos[0])
    const inBraces = text.split('\n')[line - 1]?.includes('${') === true
    throw new ConfigError(
      `${file} is not YAML at line ${line}, column ${col} (${fault.code})`,
      inBraces ? { hint: 'Within [ ] and { } a variable has to be quoted: "${NAME}".' } : {},
    )
  }
  return { document, lines }
}

/**
 * The value of a YAML or JSON text, variables filled in.
 * @throws ConfigError naming each variable that is not set and has no default, with its line
 */
export function substitute(text: string, env: Environment, file: string): unknown {
  const { document, lines } = parseYaml(text, file)
  const missing: string[] = []
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('$')) return
      const value = fill(node.value, env, (name) => {
        missing.push(`${name} (line ${lines.linePos(node.range?.[0] ?? 0).line})`)
      })
      if (value !== node.value) node.value = typed(node, value)
    },
  })
  if (missing.length > 0) {
    const list = [...new Set(missing)].join(', ')
    throw new ConfigError(
      `${file} needs ${missing.length === 1 ? 'a variable that is' : 'variables that are'} not set: ${list}`,
      {
        hint: 'Set it, or write a default: ${NAME:-default}.',
      },
    )
  }
  return document.toJS({ maxAliasCount: 100 })
}

/** The text with variables filled in; `onMissing` is told names that have no value. */
export function fill(text: string, env: Environment, onMissing: (name: string) => void): string {
  return text.replaceAll(
    variable,
    (whole, inner: string, name?: string, fallback?: string, value?: string) => {
      if (inner.startsWith('$')) return inner
      if (name === undefined) {
        onMissing(whole)
        return whole
      }
      const found = env[name]
      // As in a shell: with a colon, an empty variable counts as one that is not set.
      if (found !== undefined && (found !== '' || fallback?.startsWith(':') !== true)) return found
      if (fallback !== undefined) return value ?? ''
      onMissing(name)
      return whole
    },
  )
}

/** Whether a scalar of a document holds a variable. */
export function holdsVariable(node: unknown): node is Scalar<string> {
  return (
    isScalar(node) && typeof node.value === 'string' && /\$\{[A-Za-z_]/.test(node.value.replaceAll('$${', ''))
  )
}

/** The value of a scalar once it is filled in. */
export function typed(node: Scalar, text: string): unknown {
  if (node.type !== 'PLAIN') return text
  if (/^(true|True|TRUE)$/.test(text)) return true
  if (/^(false|False|FALSE)$/.test(text)) return false
  if (/^(null|Null|NULL|~|)$/.test(text)) return null
  if (/^[-+]?(\d+|\d*\.\d+|\d+\.)([eE][-+]?\d+)?$/.test(text)) return Number(text)
  return text
}
