// The table that the filter tests compile against: a column for each kind of type that the checker
// treats apart, and what is needed to print a compiled filter for it.
import type { CompiledFilter, FilterColumn, FilterPart, FilterType } from '../../../src/filter/index.ts'
import { quoteIdentifier } from '../../../src/filter/index.ts'

const firstUserOid = 16_384

export const types: FilterType[] = [
  { schema: 'public', name: 'order_status', kind: 'enum', oid: firstUserOid },
  { schema: 'shop', name: 'Färbe "x"', kind: 'enum', oid: firstUserOid + 1 },
  { schema: 'public', name: 'positive', kind: 'domain', oid: firstUserOid + 2, baseType: 'numeric(8,2)' },
  { schema: 'public', name: 'region', kind: 'enum', oid: firstUserOid + 3 },
]

export const columns: FilterColumn[] = [
  { name: 'id', attnum: 1, type: 'integer', typeOid: 23, collation: 0 },
  { name: 'status', attnum: 2, type: 'public.order_status', typeOid: firstUserOid, category: 'enum' },
  { name: 'mrr', attnum: 3, type: 'numeric(10,2)', typeOid: 1700, collation: 0 },
  { name: 'email', attnum: 5, type: 'text', typeOid: 25, collation: 100 },
  { name: 'tags', attnum: 6, type: 'text[]', typeOid: 1009, collation: 100 },
  { name: 'doc', attnum: 7, type: 'jsonb', typeOid: 3802, collation: 0 },
  { name: 'raw', attnum: 8, type: 'json', typeOid: 114, collation: 0 },
  { name: 'created_at', attnum: 9, type: 'timestamp with time zone', typeOid: 1184, collation: 0 },
  { name: 'active', attnum: 10, type: 'boolean', typeOid: 16, collation: 0 },
  { name: 'ratio', attnum: 11, type: 'double precision', typeOid: 701, collation: 0 },
  { name: 'price', attnum: 12, type: 'public.positive', typeOid: firstUserOid + 2, category: 'domain' },
  { name: 'place', attnum: 13, type: 'public.geography', typeOid: firstUserOid + 50, category: 'base' },
  { name: 'address', attnum: 14, type: 'public.address', typeOid: firstUserOid + 60, category: 'composite' },
  { name: 'user', attnum: 15, type: 'character varying(20)', typeOid: 1043, collation: 100 },
  { name: 'Größe "cm"', attnum: 16, type: 'bigint', typeOid: 20, collation: 0 },
  { name: 'history', attnum: 17, type: 'public.order_status[]', typeOid: firstUserOid + 10 },
  { name: 'note', attnum: 18, type: 'text', typeOid: 25 },
  { name: 'nick', attnum: 19, type: 'text', typeOid: 25, collation: 12_345 },
  { name: 'span', attnum: 20, type: 'tstzrange', typeOid: 3910, collation: 0 },
  { name: 'ip', attnum: 21, type: 'inet', typeOid: 869, collation: 0 },
  { name: 'day', attnum: 22, type: 'date', typeOid: 1082, collation: 0 },
  { name: 'kind', attnum: 23, type: 'regclass', typeOid: 2205, collation: 0 },
  { name: 'words', attnum: 24, type: 'tsvector', typeOid: 3614, collation: 0 },
  { name: 'fake', attnum: 25, type: 'text', typeOid: firstUserOid + 70 },
  { name: 'zone', attnum: 26, type: 'public.region', typeOid: firstUserOid + 3, category: 'enum' },
  { name: 'opens', attnum: 27, type: 'time with time zone', typeOid: 1266, collation: 0 },
  { name: 'small', attnum: 28, type: 'smallint', typeOid: 21, collation: 0 },
  { name: 'numbers', attnum: 29, type: 'integer[]', typeOid: 1007, collation: 0 },
]

const names = new Map(columns.map((c) => [c.attnum, c.name]))

/** A part as the capture function would print it, with the row's aliases `r`, `n` and `o`. */
export function render(part: FilterPart): string {
  if (typeof part === 'string') return part
  if ('type' in part) return part.name
  const alias = part.side === 'row' ? 'r' : part.side === 'new' ? 'n' : 'o'
  return `${alias}.${quoteIdentifier(names.get(part.att)!)}`
}

/** The whole filter, printed for the planner. */
export function planned(filter: Pick<CompiledFilter, 'parts'>): string {
  return filter.parts.map(render).join('')
}
