// What every check shares: the columns and types that names may mean, the limits, and the tally
// of what the filter uses. `check` is injected, so that the checks of single nodes do not import
// the dispatcher that imports them.

import { FilterError } from './error.ts'
import type { Expr, Side, UserType } from './tree.ts'
import type { StaticType } from './static-type.ts'

/** A column of the table that the filter is for. */
export interface FilterColumn {
  name: string
  /** pg_attribute.attnum: what a compiled filter keeps, so that it survives a rename. */
  attnum: number
  /** pg_attribute.atttypid. Without it a type is judged by its text alone. */
  typeOid?: number
  /** format_type(atttypid, atttypmod), taken with search_path = pg_catalog: `numeric(10,2)`. */
  type: string
  /** pg_type.typtype in words; only `enum` and `domain` matter here. */
  category?: 'base' | 'enum' | 'domain' | 'composite' | 'range' | 'multirange' | 'pseudo' | 'array'
  /** For a domain: format_type of the type at its bottom. Without it only tested for null. */
  baseType?: string
  /** pg_attribute.attcollation; 0 for none. Without it comparing two text columns may raise. */
  collation?: number
  notNull?: boolean
}

/** An enum or domain of the user's that a cast may name and a column may have. */
export interface FilterType {
  schema: string
  name: string
  kind: 'enum' | 'domain'
  oid: number
  /** For a domain: format_type of the type at its bottom. */
  baseType?: string
}

/** Where text values take their collation from; decides whether comparing them can raise. */
export type Collation =
  /** No collation, or the database's default: yields to any other. */
  | 'default'
  /** pg_catalog's "C": what the type name and bytewise comparison use. */
  | 'C'
  /** A collation of this oid, of which nothing more is known. */
  | number
  /** That of the column with this attnum, whatever it is. */
  | `column ${number}`
  /** Two that Postgres may refuse to choose between. */
  | 'conflict'

/** A node that passed: what to print, and what is known of its value. */
export interface Checked {
  expr: Expr
  type: StaticType
  /** Evaluating it may raise. */
  raises: boolean
  /** A literal, or one cast: the planner evaluates it, so that it raises there or never. */
  constant: boolean
  collation: Collation
  /** The values of a row; only rows have them. */
  items?: Checked[]
}

/** State of one compilation. */
export interface Scope {
  readonly columns: ReadonlyMap<string, FilterColumn>
  readonly types: readonly FilterType[]
  /** Schemas in which an unqualified type name is looked up, in order. */
  readonly schemas: readonly string[]
  readonly allowNow: boolean
  position(location: number | undefined): number | undefined
  /** Checks a node below. */
  check(json: unknown): Checked
  /** The static type of a column, by its definition. */
  columnType(column: FilterColumn): StaticType
  readonly used: Usage
}

/** What the filter turned out to use. */
export interface Usage {
  columns: Set<number>
  sides: Set<Side>
  clock: boolean
  types: Map<number, UserType>
}

/** A value, as an operand: not a row, and of a type that operators may be looked up on. */
export function operand(scope: Scope, json: unknown): Checked {
  const checked = scope.check(json)
  refuseAsOperand(checked)
  return checked
}

/** Throws for what may only be tested for null. */
export function refuseAsOperand(checked: Checked): void {
  const { type, expr } = checked
  if (type.kind === 'opaque') {
    const what = expr.kind === 'column' ? `column ${JSON.stringify(expr.name)}` : 'this value'
    throw new FilterError(
      `${what} has ${type.name}, which is no built-in type, enum or domain that filters know: it can only be tested with is null and is not null`,
      { position: expr.at },
    )
  }
  if (type.kind === 'row') {
    throw new FilterError('a row value can only be compared with another row value', { position: expr.at })
  }
}

/** Limits of one filter, against texts that are cheap to send and dear to check, print or plan. */
export const maxNodes = 2_000
export const maxDepth = 100
