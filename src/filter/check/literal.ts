// Literals: quoted text, numbers, bit strings, true, false, null. Numbers are brought to plain
// decimal digits, because the grammar of 18 reads `0x1F` and `1_000` where that of 14 does not.

import { FilterError } from '../error.ts'
import { inner, locationOf, text } from '../raw.ts'
import type { Body } from '../raw.ts'
import type { Checked, Scope } from '../scope.ts'
import { builtin, unknown } from '../static-type.ts'
import type { Expr } from '../tree.ts'

// 1e131071 is eight characters long, and arithmetic with it is done in 131,072 digits.
const maxDigits = 1_000

export function checkLiteral(scope: Scope, body: Body): Checked {
  const at = scope.position(locationOf(body))
  const literal = (expr: Expr, type: Checked['type']): Checked => ({
    expr: at === undefined ? expr : { ...expr, at },
    type,
    raises: false,
    constant: true,
    collation: 'default',
  })
  if (body['isnull'] === true) return literal({ kind: 'null' }, unknown)
  if ('boolval' in body) {
    return literal({ kind: 'boolean', value: inner(body, 'boolval')['boolval'] === true }, builtin('bool'))
  }
  if ('sval' in body) return literal({ kind: 'string', value: text(inner(body, 'sval'), 'sval') }, unknown)
  if ('ival' in body) {
    const value = Number(inner(body, 'ival')['ival'] ?? 0)
    return literal({ kind: 'number', value: String(value) }, builtin('int4'))
  }
  if ('fval' in body) {
    const value = decimal(text(inner(body, 'fval'), 'fval'), at)
    return literal({ kind: 'number', value }, builtin(isInt8(value) ? 'int8' : 'numeric'))
  }
  const bits = /^([bx])([0-9a-f]*)$/i.exec(text(inner(body, 'bsval'), 'bsval'))
  if (bits === null) throw new FilterError('this literal is not understood', { position: at })
  return literal({ kind: 'bits', value: bits[1]!.toLowerCase() + bits[2]! }, builtin('bit'))
}

function decimal(written: string, at: number | undefined): string {
  const plain = written.replaceAll('_', '')
  const other = /^(-?)(0[xob][0-9a-f]+)$/i.exec(plain)
  if (other !== null) return `${other[1]}${BigInt(other[2]!)}`
  const parts = /^-?(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(plain)
  if (parts === null || `${parts[1]}${parts[2]}` === '') {
    throw new FilterError(`${written} is not a number`, { position: at })
  }
  const digits = parts[1]!.length + parts[2]!.length + Math.abs(Number(parts[3] ?? 0))
  if (digits > maxDigits) {
    throw new FilterError(`${written} has ${digits} digits when written out; the most is ${maxDigits}`, {
      position: at,
    })
  }
  return plain
}

function isInt8(value: string): boolean {
  if (!/^-?\d+$/.test(value)) return false
  const n = BigInt(value)
  return n === BigInt.asIntN(64, n)
}
