// The operators of the filter language: all of these names in pg_catalog are immutable in Postgres
// 14 to 18, or stable only because they read settings that capture pins (timestamptz + interval
// reads the time zone, text || anything prints by datestyle and its like).

/** What the checker does with an operator. */
export interface OperatorRule {
  use:
    /** Compares two values of a kind; the only ones that enums may meet. */
    | 'comparison'
    | 'regex'
    | 'like'
    | 'jsonpath'
    /** `@@`: text search or jsonpath, by the type on its left. */
    | 'match'
    /** Reads jsonb (or json, where it may raise). */
    | 'json'
    /** `@>`, `<@`, `&&` over arrays, ranges, jsonb, networks, shapes. */
    | 'containment'
    | 'arithmetic'
    | 'plain'
  /** Also, or only, written in front of one value. */
  prefix?: 'also' | 'only'
  /** Name of the built-in type it gives, whatever its operands. */
  gives?: string
}

const comparison: OperatorRule = { use: 'comparison', gives: 'bool' }
const test: OperatorRule = { use: 'plain', gives: 'bool' }
const containment: OperatorRule = { use: 'containment', gives: 'bool' }
const arithmetic: OperatorRule = { use: 'arithmetic' }
const plain: OperatorRule = { use: 'plain' }

/** pg_operator.oprname → rule. */
export const operatorRules: Readonly<Record<string, OperatorRule>> = {
  '=': comparison,
  '<>': comparison,
  '<': comparison,
  '<=': comparison,
  '>': comparison,
  '>=': comparison,

  '+': { use: 'arithmetic', prefix: 'also' },
  '-': { use: 'arithmetic', prefix: 'also' },
  '*': arithmetic,
  '/': arithmetic,
  '%': arithmetic,
  '@': { use: 'plain', prefix: 'only' },
  '|/': { use: 'plain', prefix: 'only' },
  '||/': { use: 'plain', prefix: 'only' },

  '&': plain,
  '|': plain,
  '#': { use: 'plain', prefix: 'also' },
  '<<': plain,
  '>>': plain,

  '||': plain,
  '^@': test,
  '~~': { use: 'like', gives: 'bool' },
  '!~~': { use: 'like', gives: 'bool' },
  '~~*': { use: 'like', gives: 'bool' },
  '!~~*': { use: 'like', gives: 'bool' },
  '~': { use: 'regex', prefix: 'also', gives: 'bool' },
  '!~': { use: 'regex', gives: 'bool' },
  '~*': { use: 'regex', gives: 'bool' },
  '!~*': { use: 'regex', gives: 'bool' },
  '~<~': test,
  '~<=~': test,
  '~>~': test,
  '~>=~': test,

  '->': { use: 'json' },
  '->>': { use: 'json', gives: 'text' },
  '#>': { use: 'json' },
  '#>>': { use: 'json', gives: 'text' },
  '#-': plain,
  '?': { use: 'json', gives: 'bool' },
  // `?|` and `?-` in front of a line or segment ask whether it stands upright or lies flat.
  '?|': { use: 'json', prefix: 'also', gives: 'bool' },
  '?&': { use: 'json', gives: 'bool' },
  '@?': { use: 'jsonpath', gives: 'bool' },
  '@@': { use: 'match', prefix: 'also', gives: 'bool' },

  '@>': containment,
  '<@': containment,
  '&&': { use: 'containment' },
  '<<=': test,
  '>>=': test,
  '-|-': test,
  '&<': test,
  '&>': test,

  '<->': plain,
  '##': plain,
  '@-@': { use: 'plain', prefix: 'only' },
  '~=': test,
  '<<|': test,
  '|>>': test,
  '&<|': test,
  '|&>': test,
  '<^': test,
  '>^': test,
  '?#': test,
  '?-': { use: 'plain', prefix: 'also', gives: 'bool' },
  '?-|': test,
  '?||': test,
  '!!': { use: 'plain', prefix: 'only' },
}

/** Built-in operators that are left out, and why. */
export const operatorsLeftOut: Readonly<Record<string, string>> = {
  '^': 'on numeric it can take seconds for one row: multiply instead',
  '@@@': 'it is an old spelling: write @@',
  '*=': 'it compares whole rows byte by byte: compare columns',
  '*<>': 'it compares whole rows byte by byte: compare columns',
  '*<': 'it compares whole rows byte by byte: compare columns',
  '*<=': 'it compares whole rows byte by byte: compare columns',
  '*>': 'it compares whole rows byte by byte: compare columns',
  '*>=': 'it compares whole rows byte by byte: compare columns',
}
