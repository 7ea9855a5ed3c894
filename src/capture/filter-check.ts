// A user's filter for one table: compiled, then planned by the database, with errors that point into
// the user's own text.
import postgres from 'postgres'
import { InputError } from '../errors.ts'
import type { InputProblem } from '../errors.ts'
import { FilterError, compileFilter, userPosition } from '../filter/index.ts'
import type { CompiledFilter, FilterPart, FilterType, StructuredFilter } from '../filter/index.ts'
import { filterTable, filterTypes } from './columns.ts'

/** What users may give as a filter. */
export type FilterInput = string | StructuredFilter | readonly StructuredFilter[]

/** How a filter is to be compiled. */
export interface CheckOptions {
  /** Backfill and replay filters may ask for the time. Default false. */
  allowNow?: boolean
  /** From `filterTypes`; read when it is not given. */
  types?: readonly FilterType[]
}

/**
 * Compiles a filter for the table with this oid and has the database plan it.
 * @param path of the filter in the user's document, such as `tables[0].filter`
 * @throws InputError with that path, the reason, and the position in the user's text
 */
export async function checkFilter(
  sql: postgres.ISql,
  relid: number,
  input: FilterInput,
  path: string,
  { allowNow = false, types }: CheckOptions = {},
): Promise<CompiledFilter> {
  const { columns, schema } = await filterTable(sql, relid)
  try {
    const compiled = await compileFilter(input, columns, {
      allowNow,
      schema,
      types: types ?? (await filterTypes(sql)),
    })
    await plan(sql, relid, compiled)
    return compiled
  } catch (error) {
    throw problemAt(path, error, typeof input === 'string')
  }
}

/** A FilterError as the InputError that callers of the API see; anything else as it is. */
function problemAt(path: string, error: unknown, isText: boolean): unknown {
  if (!(error instanceof FilterError)) return error
  const problem: InputProblem = { path: path + (error.path ?? ''), message: error.message }
  // the database does not always know where: a constant that cannot be, when it is computed, say
  const position = error.position ?? (isText ? 1 : undefined)
  if (position !== undefined) problem.position = position
  return new InputError(
    [problem],
    error.hint === undefined ? { cause: error } : { cause: error, hint: error.hint },
  )
}

async function plan(sql: postgres.ISql, relid: number, compiled: CompiledFilter): Promise<void> {
  try {
    await sql`select rowhook.check_filter(${relid}::oid::regclass, ${sql.json(compiled.parts)})`
  } catch (error) {
    if (!(error instanceof postgres.PostgresError) || !planErrors.test(error.code)) throw error
    const position = await positionOf(sql, relid, compiled, error)
    throw new FilterError(readable(error), { cause: error, ...(position === undefined ? {} : { position }) })
  }
}

function readable({ code, message }: postgres.PostgresError): string {
  const type = /^argument of WHERE must be type boolean, not type (.*)$/.exec(message)?.[1]
  if (code !== datatypeMismatch || type === undefined) return message
  return `the filter has to be true or false, and this is of type ${type}: compare it with something`
}

const datatypeMismatch = '42804'

/** 22: data exceptions in constants, 42: syntax, names and types, 0A: not supported, 54: too complex. */
const planErrors = /^(22|42|0A|54)/

async function positionOf(
  sql: postgres.ISql,
  relid: number,
  compiled: CompiledFilter,
  error: postgres.PostgresError,
): Promise<number | undefined> {
  const { internal_position: at, internal_query: query } = error as unknown as {
    internal_position?: string
    internal_query?: string
  }
  if (at === undefined || query === undefined) return undefined
  const rendered = await sql<{ text: string }[]>`
    select rowhook.print_parts(jsonb_build_array(p.value), ${relid}::oid::regclass, 'n', 'n', 'n') as text
    from jsonb_array_elements(${sql.json(compiled.parts)}) with ordinality p(value, at) order by p.at`
  const start = query.lastIndexOf(rendered.map(({ text }) => text).join(''))
  if (start === -1) return undefined
  const texts = new Map<FilterPart, string>()
  for (const [i, part] of compiled.parts.entries()) texts.set(part, rendered[i]!.text)
  const before = Array.from(query.slice(0, start)).length
  return userPosition(compiled, (part) => texts.get(part)!, Number(at) - 1 - before)
}
