// Names of columns: `status`, `old.status`, `new.status`, and nothing longer.

import { FilterError } from '../error.ts'
import { locationOf, names } from '../raw.ts'
import type { Body } from '../raw.ts'
import type { Checked, Collation, FilterColumn, Scope } from '../scope.ts'
import { scalarName } from '../static-type.ts'
import { didYouMean } from '../suggest.ts'
import type { Side } from '../tree.ts'
import { texts } from '../allow/types.ts'

// pg_attribute rows with a negative number: they say where a row is stored, not what it holds, and
// the transition tables of a statement trigger do not have them.
const systemColumns = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid', 'oid'])

export function checkColumn(scope: Scope, body: Body): Checked {
  const at = scope.position(locationOf(body))
  const path = names(body, 'fields')
  if (path === null) {
    throw new FilterError('* stands for a whole row: name the columns', { position: at })
  }
  const [first = '', second, ...more] = path
  if (second === undefined) {
    if (!scope.columns.has(first) && (first === 'old' || first === 'new')) {
      throw new FilterError(`${first} alone is a whole row: name a column of it, as in ${first}.id`, {
        position: at,
      })
    }
    return column(scope, 'row', first, at)
  }
  if ((first !== 'old' && first !== 'new') || more.length > 0) {
    throw new FilterError(
      `${path.join('.')} is not a column: write the column's name alone, or old.name or new.name; other tables and fields of composite values are out of reach`,
      { position: at },
    )
  }
  return column(scope, first, second, at)
}

function column(scope: Scope, side: Side, name: string, at: number | undefined): Checked {
  const found = scope.columns.get(name)
  if (found === undefined) {
    if (systemColumns.has(name)) {
      throw new FilterError(`${name} is a system column: it says where a row is stored, not what it holds`, {
        position: at,
      })
    }
    throw new FilterError(
      `column ${JSON.stringify(name)} does not exist${didYouMean(name, scope.columns.keys())}`,
      { position: at },
    )
  }
  scope.used.columns.add(found.attnum)
  scope.used.sides.add(side)
  const type = scope.columnType(found)
  if (type.kind === 'enum') {
    scope.used.types.set(type.oid, { oid: type.oid, schema: type.schema, name: type.name })
  }
  return {
    expr: {
      kind: 'column',
      side,
      att: found.attnum,
      name: found.name,
      ...(found.typeOid === undefined ? {} : { of: found.typeOid }),
      ...(found.collation === undefined || isDefault(found) ? {} : { collation: found.collation }),
      ...(at === undefined ? {} : { at }),
    },
    type,
    raises: false,
    constant: false,
    collation: collationOf(found, scalarName(type)),
  }
}

const defaultCollationOid = 100
const cCollationOid = 950

/** Of no collation, or the database's default. */
const isDefault = ({ collation }: FilterColumn): boolean =>
  collation === defaultCollationOid || collation === 0

function collationOf(column: FilterColumn, type: string | null): Collation {
  if (type === 'name' || column.collation === cCollationOid) return 'C'
  if (isDefault(column)) return 'default'
  if (column.collation !== undefined) return column.collation
  return type !== null && !texts.has(type) ? 'default' : `column ${column.attnum}`
}
