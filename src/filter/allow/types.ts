// The built-in types of a filter: what a cast may name, and what a column may have.

/** What the checker knows of a built-in type. */
export interface TypeRule {
  /** May stand in a cast. Else the reason why not. */
  cast: true | string
  /**
   * `=`, `<>`, `<`, … between two values of it never raise. Left out for types without these
   * operators (json, xml, point: planning refuses them) and where a comparison can raise.
   */
  compares?: true
  /** Its text input takes `now`, `today`, …, and would freeze them when the filter is planned. */
  clock?: true
}

const plain: TypeRule = { cast: true, compares: true }
const dated: TypeRule = { cast: true, compares: true, clock: true }
const noOrder: TypeRule = { cast: true }

/** pg_type.typname → rule. Types that are not here are not part of the language. */
export const typeRules: Readonly<Record<string, TypeRule>> = {
  bool: plain,
  int2: plain,
  int4: plain,
  int8: plain,
  numeric: plain,
  float4: plain,
  float8: plain,
  // Reads and prints by lc_monetary, which is pinned to what a session begins with; see docs/filters.md.
  money: plain,
  text: plain,
  varchar: plain,
  bpchar: plain,
  char: plain,
  name: plain,
  bytea: plain,
  uuid: plain,
  date: dated,
  time: dated,
  timetz: dated,
  timestamp: dated,
  timestamptz: dated,
  interval: plain,
  json: noOrder,
  jsonb: plain,
  jsonpath: noOrder,
  bit: plain,
  varbit: plain,
  inet: plain,
  cidr: plain,
  macaddr: plain,
  macaddr8: plain,
  point: noOrder,
  line: noOrder,
  lseg: noOrder,
  box: noOrder,
  path: noOrder,
  polygon: noOrder,
  circle: noOrder,
  tsvector: plain,
  tsquery: plain,
  int4range: plain,
  int8range: plain,
  numrange: plain,
  // A range reads its bounds with their own input, so 'now' would freeze in these too.
  tsrange: dated,
  tstzrange: dated,
  daterange: dated,
  int4multirange: plain,
  int8multirange: plain,
  nummultirange: plain,
  tsmultirange: dated,
  tstzmultirange: dated,
  datemultirange: dated,
  oid: plain,
  pg_lsn: plain,
  xid: { cast: 'transaction ids mean nothing outside the database that made them' },
  xid8: { cast: 'transaction ids mean nothing outside the database that made them' },
  xml: { cast: 'parsing XML needs a build of Postgres with libxml, and takes as long as the document likes' },
}

/** Built-in types that have no rule, and why. Their names mean them, whatever users made. */
export const typesLeftOut: readonly { names: readonly string[]; because: string }[] = [
  {
    names: [
      'regclass',
      'regcollation',
      'regconfig',
      'regdictionary',
      'regnamespace',
      'regoper',
      'regoperator',
      'regproc',
      'regprocedure',
      'regrole',
      'regtype',
    ],
    because: 'its values are looked up in the catalogs, so the answer depends on objects outside the row',
  },
  {
    names: [
      'any',
      'anyarray',
      'anycompatible',
      'anycompatiblearray',
      'anycompatiblemultirange',
      'anycompatiblenonarray',
      'anycompatiblerange',
      'anyelement',
      'anyenum',
      'anymultirange',
      'anynonarray',
      'anyrange',
      'cstring',
      'event_trigger',
      'fdw_handler',
      'index_am_handler',
      'internal',
      'language_handler',
      'record',
      'table_am_handler',
      'trigger',
      'tsm_handler',
      'unknown',
      'void',
    ],
    because: 'it is a pseudo-type',
  },
  {
    names: [
      'aclitem',
      'cid',
      'gtsvector',
      'int2vector',
      'oidvector',
      'pg_brin_bloom_summary',
      'pg_brin_minmax_multi_summary',
      'pg_ddl_command',
      'pg_dependencies',
      'pg_mcv_list',
      'pg_ndistinct',
      'pg_node_tree',
      'pg_snapshot',
      'refcursor',
      'tid',
      'txid_snapshot',
    ],
    because: "it is internal to Postgres's own bookkeeping",
  },
]

/** Why a built-in type cannot be used; undefined for a name that is none, or that has a rule. */
export function whyTypeLeftOut(name: string): string | undefined {
  return typesLeftOut.find((c) => c.names.includes(name))?.because
}

export const integers: ReadonlySet<string> = new Set(['int2', 'int4', 'int8'])
export const floats: ReadonlySet<string> = new Set(['float4', 'float8'])
export const texts: ReadonlySet<string> = new Set(['text', 'varchar', 'bpchar', 'name'])
export const instants: ReadonlySet<string> = new Set(['date', 'timestamp', 'timestamptz'])
