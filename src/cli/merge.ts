// Brings a configuration document in line with an export, and leaves alone whatever in it still holds:
// comments, order, quoting, variables, and secrets, which no export carries.
import { isDeepStrictEqual } from 'node:util'
import * as v from 'valibot'
import { Document, type Node, type Pair, YAMLMap, YAMLSeq, isMap, isScalar, isSeq } from 'yaml'
import { retentionEntry } from '../api/document/schema.ts'
import { endpointInput } from '../api/schema/endpoint.ts'
import { sinkEntry, tableInput } from '../api/schema/sink.ts'
import { type Environment, substitute } from './substitute.ts'

type Fields = Record<string, unknown>

/** How the entries of a list are told apart, and what they hold. */
interface Kind {
  /** The field that names an entry. */
  key: string
  /** It names a table: without a schema, one in public. */
  isTable?: true
  /** Values of fields that a document need not name. */
  defaults: Fields
  /** Fields that no export carries, secrets above all: what a document says of them stays. */
  unexported: readonly string[]
  /** Lists inside of its entries. */
  lists: Readonly<Record<string, Kind>>
}

/** What a schema fills in by itself; `given` are the fields that it does not. */
function defaultsOf(schema: v.GenericSchema, given: Fields): Fields {
  const whole = v.parse(schema, given) as Fields
  return Object.fromEntries(Object.entries(whole).filter(([name]) => !(name in given)))
}

const tables: Kind = {
  key: 'name',
  isTable: true,
  defaults: defaultsOf(tableInput, { name: 't' }),
  unexported: [],
  lists: {},
}
const lists: Readonly<Record<string, Kind>> = {
  endpoints: {
    key: 'name',
    defaults: defaultsOf(endpointInput, { name: 'e', url: 'https://example.com' }),
    unexported: ['encrypted_headers', 'signing_secret', 'client_key'],
    lists: {},
  },
  sinks: {
    key: 'name',
    // A document that names no status leaves it as it is; an export need not name the usual one.
    defaults: {
      ...defaultsOf(sinkEntry, { name: 's', endpoint: 'e', tables: [{ name: 't' }] }),
      status: 'active',
    },
    // It was carried out once: whoever exports asks for no other.
    unexported: ['backfill'],
    lists: { tables },
  },
  retentions: {
    key: 'table',
    isTable: true,
    defaults: defaultsOf(retentionEntry, { table: 't', keep: '1 day' }),
    unexported: [],
    lists: {},
  },
}
const root: Kind = { key: '', defaults: {}, unexported: ['$schema'], lists }

/**
 * The text of the document after the merge; of a new one without `file`.
 * @param exported what GET /api/config/export answers
 * @throws ConfigError when the document names variables that are not set
 */
export function mergeExport(
  file: { name: string; text: string; document: Document } | undefined,
  exported: object,
  env: Environment,
): string {
  const document = file?.document ?? new Document({})
  const value = file === undefined ? {} : (substitute(file.text, env, file.name) ?? {})
  const map = isMap(document.contents) ? document.contents : new YAMLMap()
  // Lists without entries say nothing, unless the document has them already.
  const wanted = Object.entries(exported as Record<string, unknown[]>).filter(
    ([name, entries]) => entries.length > 0 || map.has(name),
  )
  const print = (): string => document.toString({ lineWidth: 0, flowCollectionPadding: false })
  const before = file === undefined ? undefined : print()
  mergeMap(document, map, value as Fields, Object.fromEntries(wanted), root)
  document.contents = map as unknown as Document.Parsed['contents']
  const after = print()
  // The printer has a style of its own, which is no reason to touch a file.
  return file !== undefined && after === before ? file.text : after
}

function mergeMap(document: Document, map: YAMLMap, value: Fields, wanted: Fields, kind: Kind): void {
  map.items = map.items.filter((pair) => {
    const name = nameOf(pair)
    return name in wanted || kind.unexported.includes(name)
  })
  for (const [name, field] of Object.entries(wanted)) {
    const pair = map.items.find((each) => nameOf(each) === name)
    if (pair !== undefined && name === kind.key && identity(value, kind) === identity(wanted, kind)) continue
    if (pair !== undefined) {
      pair.value = merged(document, pair.value as Node | null, value[name], field, kind.lists[name])
    } else if (!isDeepStrictEqual(field, kind.defaults[name])) {
      map.add(document.createPair(name, merged(document, null, undefined, field, kind.lists[name])))
    }
  }
}

/** The node for a field: the one that is there if it still means the same, else as much of it as can stay. */
function merged(document: Document, node: Node | null, value: unknown, wanted: unknown, list?: Kind): Node {
  if (node !== null && isDeepStrictEqual(value, wanted)) return node
  if (list !== undefined && Array.isArray(wanted)) {
    const sequence = isSeq(node) ? node : new YAMLSeq()
    mergeList(document, sequence, Array.isArray(value) ? (value as Fields[]) : [], wanted as Fields[], list)
    return sequence
  }
  if (isMap(node) && isFields(value) && isFields(wanted)) {
    mergeMap(document, node, value, wanted, { key: '', defaults: {}, unexported: [], lists: {} })
    return node
  }
  if (isScalar(node) && (wanted === null || typeof wanted !== 'object')) {
    node.value = wanted
    return node
  }
  return document.createNode(wanted) as Node
}

function mergeList(
  document: Document,
  sequence: YAMLSeq,
  values: Fields[],
  wanted: Fields[],
  kind: Kind,
): void {
  const byName = new Map(wanted.map((each) => [identity(each, kind), each]))
  const there = new Map(values.map((value, i) => [identity(value, kind), { value, node: sequence.items[i] }]))
  const names = [...[...there.keys()].filter((name) => byName.has(name)), ...byName.keys()]
  sequence.items = [...new Set(names)].map((name) => {
    const { value = {}, node } = there.get(name) ?? {}
    const map = isMap(node) ? node : new YAMLMap()
    mergeMap(document, map, value, byName.get(name)!, kind)
    return map
  })
}

/** What an entry is known by, whichever way it is written. */
function identity(entry: Fields, { key, isTable }: Kind): string {
  const name = String(entry[key])
  return isTable === true && !/[."]/.test(name) ? `public.${name.toLowerCase()}` : name
}

function nameOf({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
