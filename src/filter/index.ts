// Filters: one SQL condition from a user → a tree of nothing but allowed things → SQL with holes.
//
// Pure: no database. The order is parse (source.ts, by Postgres's grammar), or build from the
// structured form (structured.ts); check (check/, against the lists in allow/); print (print.ts).
// What only the database can know (that the types fit, that the result is boolean, that a function
// exists in its version) is decided by planning the printed expression, elsewhere; `userPosition`
// leads such an error back to the user's text.

import { checkExpression } from './check/index.ts'
import { parseType, typeOfColumn } from './check/type-name.ts'
import { FilterError } from './error.ts'
import { printForPlan, printForShow } from './print.ts'
import type { FilterPart, Origin } from './print.ts'
import type { Body } from './raw.ts'
import type { FilterColumn, FilterType, Usage } from './scope.ts'
import { isBareName, parseText } from './source.ts'
import { buildStructured } from './structured.ts'
import type { StructuredFilter } from './structured.ts'

export { FilterError } from './error.ts'
export { userPosition } from './locate.ts'
export { quoteIdentifier } from './quote.ts'
export { respell } from './respell.ts'
export type { FilterPart, Origin } from './print.ts'
export type { FilterColumn, FilterType } from './scope.ts'
export type { StructuredFilter, StructuredOperator } from './structured.ts'
export type { Side } from './tree.ts'

/** A checked filter, as plain data that can be stored as JSON and printed again after a rename. */
export interface CompiledFilter {
  /**
   * SQL text with holes. Joined with columns as `alias."name"` (`row`: the old row of a delete, else
   * the new one) and types as their quoted names, it is one parenthesised or atomic expression,
   * to be planned and run under `search_path = pg_catalog, pg_temp`.
   */
  parts: FilterPart[]
  /** Where the parts come from in the user's text; for userPosition. */
  origins: Origin[]
  /** pg_attribute.attnum of every column in it, ascending. */
  columns: number[]
  /** pg_type.oid of every enum and domain of the user's that it names or whose columns it reads. */
  types: number[]
  /** It names old.… ; null on an insert. */
  usesOld: boolean
  /** It names new.… ; null on a delete. */
  usesNew: boolean
  /** False only if nothing in it can raise at run time, whatever the row. */
  canRaise: boolean
  /** It asks for the time. */
  usesNow: boolean
  /** The filter in one normal spelling, for people; compiles to the same parts. */
  text: string
}

/** What a filter may refer to besides the columns. */
export interface CompileOptions {
  /** Backfill and replay filters may use now(), current_timestamp and current_date. Default false. */
  allowNow?: boolean
  /** Enums and domains of the database. Without them columns of such arrays only test for null. */
  types?: readonly FilterType[]
  /** Schema of the table: where an unqualified type's name is looked up before public. */
  schema?: string
}

/** Compiles a filter for a table with these columns. Throws FilterError for what is not allowed. */
export async function compileFilter(
  input: string | StructuredFilter | readonly StructuredFilter[],
  columns: readonly FilterColumn[],
  options: CompileOptions = {},
): Promise<CompiledFilter> {
  const types = options.types ?? []
  const schemas = [...new Set([options.schema ?? 'public', 'public'])]
  const formatted = await parseTypes(columns, types)
  const columnType = (column: FilterColumn) => typeOfColumn({ types, schemas }, column, formatted)
  const byName = new Map(columns.map((c) => [c.name, c]))
  const source =
    typeof input === 'string'
      ? await parseText(input)
      : { expression: buildStructured(input, byName, columnType), position: () => undefined }
  const used: Usage = { columns: new Set(), sides: new Set(), clock: false, types: new Map() }
  const baseTypes = new Map<number, Body>()
  for (const type of types) {
    const base = type.baseType === undefined ? null : formatted.get(type.baseType)
    if (base !== null && base !== undefined) baseTypes.set(type.oid, base)
  }
  const scope = {
    columns: byName,
    types,
    schemas,
    allowNow: options.allowNow ?? false,
    position: (location: number | undefined) => source.position(location),
    columnType,
    used,
  }
  const checked = checkExpression(scope, baseTypes, source.expression)
  if (checked.type.kind === 'row' || checked.type.kind === 'opaque' || checked.type.kind === 'enum') {
    throw new FilterError('a filter has to be true or false: compare the value with something', {
      position: checked.expr.at,
    })
  }
  return {
    ...printForPlan(checked.expr),
    columns: [...used.columns].sort((a, b) => a - b),
    types: [...used.types.keys()].sort((a, b) => a - b),
    usesOld: used.sides.has('old'),
    usesNew: used.sides.has('new'),
    canRaise: checked.raises,
    usesNow: used.clock,
    text: printForShow(checked.expr, isBareName),
  }
}

// libpg-query loads asynchronously, so types are parsed before the tree is walked; each text once.
async function parseTypes(
  columns: readonly FilterColumn[],
  types: readonly FilterType[],
): Promise<ReadonlyMap<string, Body | null>> {
  const texts = new Set<string>()
  for (const { type, baseType } of columns) {
    texts.add(type)
    if (baseType !== undefined) texts.add(baseType)
  }
  for (const { baseType } of types) if (baseType !== undefined) texts.add(baseType)
  return new Map(await Promise.all([...texts].map(async (t) => [t, await parseType(t)] as const)))
}
