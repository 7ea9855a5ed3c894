// Random filters over the columns of orders.ts, as text, built by type so that they mean something.
import fc from 'fast-check'

type Text = fc.Arbitrary<string>

const literal: Text = fc
  .string({ unit: 'binary', maxLength: 6 })
  .filter((s) => !s.includes('\0') && s.isWellFormed())
  .map((s) => (s.includes('\\') ? `E'${quote(s).replaceAll('\\', '\\\\')}'` : `'${quote(s)}'`))

const quote = (s: string) => s.replaceAll("'", "''")
const join = (...parts: (string | Text)[]): Text =>
  fc.tuple(...parts.map((p) => (typeof p === 'string' ? fc.constant(p) : p))).map((t) => t.join(''))
const side = (column: string): Text => fc.constantFrom('', 'old.', 'new.').map((s) => s + column)
const among = (...words: string[]): Text => fc.constantFrom(...words)

interface Kinds {
  bool: string
  number: string
  text: string
}

/** A random condition. It parses and checks; whether it plans is not promised. */
export const filterText: Text = fc.letrec<Kinds>((tie) => {
  const [bool, number, text] = [tie('bool'), tie('number'), tie('text')] as [Text, Text, Text]
  const comparison = among('=', '<>', '<', '<=', '>', '>=', '!=')
  const distinct = among(' is distinct from ', ' is not distinct from ')
  return {
    bool: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      side('active'),
      among('true', 'false', 'null'),
      join('(', number, ')', comparison, '(', number, ')'),
      join('(', text, ')', comparison, '(', text, ')'),
      join('(', bool, among(') and (', ') or ('), bool, among(') and (', ') or ('), bool, ')'),
      join('not (', bool, ')'),
      join('(', bool, among(') is true', ') is not false', ') is unknown', ') is null', ') notnull')),
      join('(', number, ')', among(' in ', ' not in '), '(', number, ', ', number, ')'),
      join('(', number, ') between ', among('', 'symmetric '), '(', number, ') and (', number, ')'),
      join('(', text, ')', distinct, '(', text, ')'),
      join('((', text, '), ', number, ')', distinct, '((', text, '), ', number, ')'),
      join('(', text, ')', among(' like ', ' not like ', ' ilike '), literal),
      join('(', text, ") like 'a!%' escape '!'"),
      join('(', text, ')', among(' ~ ', ' !~* ', ' similar to '), "'^a.*$'"),
      join(side('status'), comparison, literal),
      join(side('status'), ' in (', literal, ', ', side('status'), ')'),
      join(side('doc'), among(' @> ', ' <@ ', ' = '), "'{}'"),
      join(side('doc'), among(' ? ', ' ->> '), literal, ' is null'),
      join(number, among(' = any ', ' <> all '), '(', side('numbers'), ')'),
      join('case when ', bool, ' then ', bool, ' else ', bool, ' end'),
      join('coalesce(', bool, ', ', bool, ')'),
      join(side('created_at'), comparison, "timestamptz '2024-01-01'"),
      join(side('span'), ' @> ', side('created_at')),
    ),
    number: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      side('id'),
      side('mrr'),
      side('"Größe ""cm"""'),
      side('price'),
      fc.integer().map(String),
      fc.double({ noDefaultInfinity: true, noNaN: true, min: -1e200, max: 1e200 }).map(String),
      fc.bigInt({ max: 10n ** 40n }).map(String),
      among('0x1f', '1_000', '.5', '1e10', '007'),
      join('(', number, ')', among('+', '-', '*', '/', '%'), '(', number, ')'),
      join('- ', number),
      join('abs(', number, ')'),
      join('greatest(', number, ', ', number, ')'),
      join('nullif(', number, ', ', number, ')'),
      join('case (', number, ') when ', number, ' then ', number, ' end'),
      join('(', number, ')::', among('int8', 'numeric(12,3)', 'double precision', 'decimal')),
      join('length(', text, ')'),
      join('extract(', among('year', 'day', 'epoch'), ' from ', side('created_at'), ')'),
      join('(', side('numbers'), ')[', number, ']'),
    ),
    text: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      side('email'),
      side('"user"'),
      literal,
      join('lower(', text, ')'),
      join('(', text, ') || (', text, ')'),
      join('(', number, ')::text'),
      join('cast(', text, ' as ', among('varchar(3)', 'char(2)', 'name', '"char"'), ')'),
      join('coalesce(', text, ', ', text, ')'),
      join('(', text, ') collate "C"'),
      join(side('doc'), among(' ->> ', ' #>> '), "'{a}'"),
      join('(', side('tags'), ')[1]'),
      join('substring(', text, ' from 2 for 3)'),
      join('trim(', among('both', 'leading', 'trailing'), ' from ', text, ')'),
      join('to_hex(', 'id', ')'),
    ),
  }
}).bool
