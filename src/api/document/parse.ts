// YAML or JSON text → a checked document. Variables such as ${TOKEN} are the command line's: here they
// would be those of the server.
import { LineCounter, parseDocument } from 'yaml'
import { InputError, type InputProblem } from '../../errors.ts'
import { parseInput, refuseUnstorable } from '../request.ts'
import { type ConfigDocument, configDocument } from './schema.ts'

/**
 * @throws InputError: with line and column where the text is not YAML, else with paths such as
 *   `sinks[0].tables[1].name`
 */
export function parseConfigDocument(text: string): ConfigDocument {
  const value = parseYaml(text)
  // Only comments, or nothing.
  if (value === null || value === undefined) {
    throw new InputError([
      { path: '', message: 'the document is empty; it is an object with endpoints, sinks, retentions' },
    ])
  }
  refuseUnstorable(value)
  const document = parseInput(configDocument, value)
  refuseDuplicates(document)
  return document
}

function parseYaml(text: string): unknown {
  const lines = new LineCounter()
  const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  // A warning is a tag that nobody knows: what it stands for would get lost. Messages are the library's
  // own only by code, because their texts quote the document.
  const [fault] = [...parsed.errors, ...parsed.warnings]
  if (fault !== undefined) {
    const { line, col } = lines.linePos(fault.pos[0])
    throw new InputError([
      { path: '', message: `is not YAML at line ${line}, column ${col} (${fault.code})` },
    ])
  }
  try {
    return parsed.toJS({ maxAliasCount: 100 })
  } catch {
    throw new InputError([{ path: '', message: 'holds an alias without an anchor, or too many aliases' }])
  }
}

function refuseDuplicates({ endpoints, sinks, retentions }: ConfigDocument): void {
  const problems = [
    ...duplicates(
      'endpoints',
      'name',
      endpoints.map(({ name }) => name),
    ),
    ...duplicates(
      'sinks',
      'name',
      sinks.map(({ name }) => name),
    ),
    ...duplicates(
      'retentions',
      'table',
      retentions.map(({ table }) => table),
    ),
  ]
  if (problems.length > 0) throw new InputError(problems)
}

function duplicates(list: string, field: string, names: string[]): InputProblem[] {
  return names.flatMap((name, i) =>
    names.indexOf(name) === i
      ? []
      : [
          {
            path: `${list}[${i}].${field}`,
            message: `stands in the document twice; first as ${list}[${names.indexOf(name)}]`,
          },
        ],
  )
}
