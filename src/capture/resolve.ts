// The tables of a sink, as a person names them, against the database as it is: names become numbers
// that survive renames, filters are compiled and planned. Reads only.
import type postgres from 'postgres'
import { InputError } from '../errors.ts'
import type { InputProblem } from '../errors.ts'
import type { CompiledFilter, FilterPart, FilterType } from '../filter/index.ts'
import { filterTypes } from './columns.ts'
import { checkFilter } from './filter-check.ts'
import type { FilterInput } from './filter-check.ts'

/** What a trigger can be set on. */
export type TableAction = 'insert' | 'update' | 'delete' | 'truncate'

/** One table of a sink, as given. */
export interface TableInput {
  /** A SQL identifier; without a schema it means `public`. */
  name: string
  /** Default: insert, update and delete. */
  actions?: readonly string[]
  /** SQL, or the structured form. Default null: every row. */
  filter?: string | object | readonly object[] | null
  /** Columns; null, the default: the primary key; empty: no order. */
  group_by?: readonly string[] | null
  exclude_columns?: readonly string[]
  /** Also capture updates that change nothing that is sent. Default false. */
  unchanged?: boolean
}

/** One table of a sink, with numbers for names. */
export interface ResolvedTable {
  /** pg_class.oid */
  relid: number
  /** Quoted, with its schema. */
  name: string
  actions: TableAction[]
  /** As the user gave it. */
  filter: FilterInput | null
  filterParts: FilterPart[] | null
  /** pg_attribute.attnum, as all columns here. */
  filterColumns: number[]
  filterCanRaise: boolean
  /** null: by key. */
  groupColumns: number[] | null
  excludeColumns: number[]
  unchanged: boolean
  /** Names by attnum of the columns that the entry names. */
  columnNames: Record<string, string>
}

/** Whom the tables are for. */
export interface ResolveOptions {
  /** Retention, which excludes no columns; default false: a sink. */
  history?: boolean
}

/**
 * Finds the tables and columns of a sink and checks its filters; all problems are told at once.
 * @throws InputError with paths `tables[i].name`, `.filter`, `.group_by[j]`, `.exclude_columns[j]`
 */
export async function resolveTables(
  sql: postgres.ISql,
  inputs: readonly TableInput[],
  { history = false }: ResolveOptions = {},
): Promise<ResolvedTable[]> {
  const problems: InputProblem[] = []
  const resolved: ResolvedTable[] = []
  const types = inputs.some(({ filter }) => filter !== null && filter !== undefined)
    ? await filterTypes(sql)
    : []
  for (const [i, input] of inputs.entries()) {
    const path = `tables[${i}]`
    try {
      const table = await resolveTable(sql, input, path, types, history)
      const twin = resolved.findIndex(({ relid }) => relid === table.relid)
      if (twin !== -1)
        problems.push({
          path: `${path}.name`,
          message: `${table.name} is already tables[${twin}]; name a table once`,
        })
      resolved.push(table)
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      problems.push(...error.problems)
    }
  }
  if (problems.length > 0) throw new InputError(problems)
  return resolved
}

async function resolveTable(
  sql: postgres.ISql,
  input: TableInput,
  path: string,
  types: readonly FilterType[],
  history: boolean,
): Promise<ResolvedTable> {
  const { relid, name } = await findTable(sql, input.name, `${path}.name`)
  const columns = await sql<Column[]>`
    select c.attnum, c.name, t."foreign", pg_catalog.format_type(c.type_oid, null) as type,
      c.attnum = any (rowhook.unknown_columns(${relid})) as unknown
    from rowhook.live_columns(${relid}) c cross join lateral rowhook.type_traits(c.type_oid) t`
  const problems: InputProblem[] = []
  const find = (list: readonly string[], field: string) =>
    list.map((given, j) => findColumn(columns, given, name, `${path}.${field}[${j}]`, problems))
  const group =
    input.group_by === null || input.group_by === undefined ? null : find(input.group_by, 'group_by')
  const excluded = find(input.exclude_columns ?? [], 'exclude_columns')
  for (const column of columns) {
    if (column.foreign !== 'nested' || excluded.includes(column)) continue
    problems.push({
      path: `${path}.exclude_columns`,
      message: `column ${column.name} of ${name} holds, inside of ${column.type}, a type whose owner could attach a function of theirs to its JSON form; exclude the column, or give the type to a superuser`,
    })
  }
  let compiled: CompiledFilter | null = null
  const filter = (input.filter ?? null) as FilterInput | null
  if (filter !== null) {
    try {
      compiled = await checkFilter(sql, relid, filter, `${path}.filter`, { types })
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      problems.push(...error.problems)
    }
  }
  for (const column of columns) {
    if (!column.unknown) continue
    const why = `column ${column.name} of ${name} is computed from tableoid, and triggers do not see in which partition or child of a table a row lies`
    if (compiled?.columns.includes(column.attnum) === true)
      problems.push({ path: `${path}.filter`, message: `${why}; leave it out of the filter` })
    if (group?.includes(column) === true)
      problems.push({ path: `${path}.group_by`, message: `${why}; leave it out of group_by` })
    if (!history && !excluded.includes(column))
      problems.push({ path: `${path}.exclude_columns`, message: `${why}; exclude the column` })
  }
  if (problems.length > 0) throw new InputError(problems)

  const numbers = (list: readonly (Column | undefined)[]) => [
    ...new Set(list.map((column) => column!.attnum)),
  ]
  const groupColumns = group === null ? null : numbers(group)
  const excludeColumns = numbers(excluded).toSorted((a, b) => a - b)
  const filterColumns = compiled?.columns ?? []
  const named = new Set([...(groupColumns ?? []), ...excludeColumns, ...filterColumns])
  return {
    relid,
    name,
    actions: [...new Set((input.actions ?? defaultActions) as readonly TableAction[])],
    filter,
    filterParts: compiled?.parts ?? null,
    filterColumns,
    filterCanRaise: compiled?.canRaise ?? false,
    groupColumns,
    excludeColumns,
    unchanged: input.unchanged ?? false,
    columnNames: Object.fromEntries(
      columns.filter((c) => named.has(c.attnum)).map((c) => [c.attnum, c.name]),
    ),
  }
}

const defaultActions: readonly TableAction[] = ['insert', 'update', 'delete']

/** A table that can be captured, by the name that a person gives it. @throws InputError at `path` */
export async function findTable(
  sql: postgres.ISql,
  name: string,
  path: string,
): Promise<{ relid: number; name: string }> {
  const [found] = await sql<
    { relid: number | null; name: string | null; refusal: string | null; near: string | null }[]
  >`
    select f.relid::oid as relid, rowhook.table_name(f.relid) as name,
      case when f.relid is not null then rowhook.refusal(f.relid) end as refusal,
      case when f.relid is null then (
        select rowhook.table_name(c.oid) from pg_catalog.pg_class c
        where lower(c.relname) = lower(split_part(replace(${name}, '"', ''), '.', -1)) and c.relkind in ('r', 'p')
        order by c.oid limit 1) end as near
    from (select rowhook.find_table(${name}) as relid) f`
  const { relid, name: shown, refusal, near } = found!
  if (relid === null || shown === null) {
    const hint = near === null ? 'create it first' : `did you mean ${near}?`
    throw new InputError([{ path, message: `there is no table ${name}; ${hint}` }])
  }
  if (refusal !== null) throw new InputError([{ path, message: refusal }])
  return { relid, name: shown }
}

interface Column {
  attnum: number
  name: string
  type: string
  foreign: 'no' | 'value' | 'array' | 'nested'
  /** Triggers do not see its value. */
  unknown: boolean
}

/** The name as it is spelt comes first, so that names that the API shows mean the same when they return. */
function findColumn(
  columns: readonly Column[],
  given: string,
  table: string,
  path: string,
  problems: InputProblem[],
): Column | undefined {
  const quoted = /^"((?:[^"]|"")+)"$/.exec(given)
  const folded = quoted === null ? given.toLowerCase() : quoted[1]!.replaceAll('""', '"')
  const column = columns.find(({ name }) => name === given) ?? columns.find(({ name }) => name === folded)
  if (column === undefined) problems.push({ path, message: `${table} has no column ${given}` })
  return column
}
