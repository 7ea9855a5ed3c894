// The checked tree: the only thing that is ever printed as SQL. It holds nothing but what the
// allow-lists know, already in one spelling (`!~~` is a negated like, `and` inside `and` is one
// list, `trim(…)` is a call of btrim), so that printers have one case for each meaning.

/** Which row a column is read from: the row itself (old for a delete, else new), or a named side. */
export type Side = 'row' | 'new' | 'old'

/** A type as it is printed: one of the built-in ones, or an enum that a user made. */
export type TypeRef =
  | { builtin: string; modifiers: number[]; array: boolean }
  | { enum: UserType; array: boolean }

/** An enum or domain of the user's, found in the catalog. */
export interface UserType {
  oid: number
  schema: string
  name: string
}

/** One expression; `at` is its position in the user's text (1-based, in characters), where it has one. */
export type Expr = { at?: number } & (
  | { kind: 'column'; side: Side; att: number; name: string; of?: number; collation?: number }
  | { kind: 'null' }
  | { kind: 'boolean'; value: boolean }
  | { kind: 'string'; value: string }
  | { kind: 'number'; value: string }
  | { kind: 'bits'; value: string }
  | { kind: 'operator'; name: string; left: Expr | null; right: Expr }
  | { kind: 'quantified'; name: string; quantifier: 'any' | 'all'; left: Expr; right: Expr }
  | { kind: 'like'; operator: LikeOperator; left: Expr; pattern: Expr; escape: Expr | null }
  | { kind: 'in'; negated: boolean; left: Expr; items: Expr[] }
  | { kind: 'between'; negated: boolean; symmetric: boolean; left: Expr; low: Expr; high: Expr }
  | { kind: 'distinct'; negated: boolean; left: Expr; right: Expr }
  | { kind: 'nullif'; left: Expr; right: Expr }
  | { kind: 'logic'; operator: 'and' | 'or'; args: Expr[] }
  | { kind: 'not'; arg: Expr }
  | { kind: 'is null'; negated: boolean; arg: Expr }
  | { kind: 'is boolean'; test: BooleanTest; arg: Expr }
  | { kind: 'is json'; type: JsonType; uniqueKeys: boolean; arg: Expr }
  | { kind: 'case'; arg: Expr | null; whens: { when: Expr; result: Expr }[]; otherwise: Expr | null }
  | { kind: 'coalesce'; args: Expr[] }
  | { kind: 'extreme'; which: 'greatest' | 'least'; args: Expr[] }
  | { kind: 'cast'; arg: Expr; type: TypeRef }
  | { kind: 'text of enum'; arg: Expr; array: boolean }
  | { kind: 'array'; items: Expr[] }
  | { kind: 'subscript'; arg: Expr; subscripts: Subscript[] }
  | { kind: 'row'; items: Expr[] }
  | { kind: 'call'; name: string; args: Expr[] }
  /** Shown as it was written, planned without looking up an operator on an enum. */
  | { kind: 'on enum'; shown: Expr; planned: Expr }
  | { kind: 'clock'; name: 'current_date' | 'current_timestamp' }
  | { kind: 'collate'; arg: Expr; collation: string }
)

/** like, not like, ilike, not ilike; `similar to` is a regular expression in disguise. */
export type LikeOperator = '~~' | '!~~' | '~~*' | '!~~*' | 'similar' | 'not similar'
export type BooleanTest = 'true' | 'not true' | 'false' | 'not false' | 'unknown' | 'not unknown'
export type JsonType = 'any' | 'object' | 'array' | 'scalar'
export type Subscript = { index: Expr } | { lower: Expr | null; upper: Expr | null }
