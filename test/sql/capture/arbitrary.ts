// Generated tables, values and settings for the property tests of capture.
import fc from 'fast-check'

const text = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'a',
    'a  ',
    '"',
    "'",
    '\\',
    '\\x',
    '{}',
    'null',
    'NULL',
    '\n',
    '\u{1}',
    'ä',
    '🐘',
    '\u2028',
    '%s',
  ),
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((s) => s.replaceAll('\0', '').toWellFormed()),
)
const instant = fc.constantFrom(
  '2026-02-28 23:59:59.999999+05:30',
  '1900-01-01 00:00:00Z',
  '0044-03-15 12:00:00+00 BC',
  'infinity',
  '-infinity',
  '2026-07-01 12:00:00.1-07',
  '9999-12-31 23:59:59Z',
  '2026-01-01 00:00:00.000001Z',
)
const float = fc.oneof(
  fc.constantFrom('0', '-0', 'NaN', 'Infinity', '-Infinity', '0.1', '1e-300', '0.30000000000000004', '1e22'),
  fc.double({ noDefaultInfinity: true, noNaN: true }).map(String),
)
const interval = fc.constantFrom(
  '1 year 2 mons',
  '-1 mon +2 days -03:04:05.6',
  '00:00:00',
  '400 days',
  '1 day',
  '24:00:00',
  '-00:00:00.000001',
)
const json = fc.oneof(
  fc.constantFrom(
    'null',
    '1',
    '1.00',
    '"\\u00e4"',
    '{"a": 1,  "b":[]}',
    '{"a":1,"a":2}',
    '[ ]',
    '"a\\"b"',
    '12345678901234567890.10',
  ),
  fc.json({ maxDepth: 2 }).filter((value) => !value.includes('\\u0000')),
)
const integer = fc.integer({ min: -32768, max: 32767 }).map(String)

/** Every type, with texts of its values; the user's own are made by `types`. */
export const types: Record<string, fc.Arbitrary<string>> = {
  boolean: fc.constantFrom('true', 'false'),
  int2: integer,
  int4: fc.integer().map(String),
  int8: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  numeric: fc.oneof(
    fc.constantFrom('0', '1.0', '1.00', 'NaN', '-0.000', '123456789012345678901234567890.1'),
    integer,
  ),
  'numeric(10,3)': integer,
  float4: fc.constantFrom('0', '-0', '0.1', 'NaN', 'Infinity', '1e-40', '3.4e38', '0.3'),
  float8: float,
  money: fc.constantFrom('1', '-1234.56', '0'),
  text,
  'varchar(40)': text.map((s) => Array.from(s).slice(0, 40).join('')),
  'char(3)': fc.constantFrom('', 'a', 'abc', ' b'),
  bpchar: fc.constantFrom('a', 'a  ', ''),
  name: fc.constantFrom('a', 'B c'),
  '"char"': fc.constantFrom('a', ''),
  bytea: fc.uint8Array({ maxLength: 8 }).map((b) => `\\x${Buffer.from(b).toString('hex')}`),
  date: fc.constantFrom('2026-02-28', '0044-03-15 BC', 'infinity', '-infinity', '0001-01-01'),
  time: fc.constantFrom('00:00', '23:59:59.999999', '24:00'),
  timetz: fc.constantFrom('00:00+02', '12:00:00.5-07:30', '12:00Z'),
  timestamp: instant,
  timestamptz: instant,
  'timestamptz(0)': instant,
  interval,
  uuid: fc.uuid(),
  json,
  jsonb: json,
  jsonpath: fc.constantFrom('$.a', '$[*] ? (@ > 1)'),
  xml: fc.constantFrom('<a/>', '<a b="c">d</a>'),
  inet: fc.constantFrom('10.0.0.1', '10.0.0.1/8', '::1'),
  cidr: fc.constantFrom('10.0.0.0/8', '::/0'),
  macaddr: fc.constantFrom('08:00:2b:01:02:03'),
  macaddr8: fc.constantFrom('08:00:2b:01:02:03:04:05'),
  'bit(3)': fc.constantFrom('101', '000'),
  varbit: fc.constantFrom('', '1', '0101'),
  point: fc.constantFrom('(0,-0)', '(0.1,0.30000000000000004)'),
  line: fc.constantFrom('{1,2,3}'),
  lseg: fc.constantFrom('[(0,0),(1,0.1)]'),
  box: fc.constantFrom('(1,1),(0,0)', '(2,0.5),(1,-0.5)'),
  path: fc.constantFrom('[(0,0),(1,1)]', '((0,0),(1,1))'),
  polygon: fc.constantFrom('((0,0),(1,0),(0,1))'),
  circle: fc.constantFrom('<(0,0),1>', '<(0.1,0),2>'),
  tsvector: fc.constantFrom("'a':1 'b':2", ''),
  tsquery: fc.constantFrom("'a' & !'b'"),
  pg_lsn: fc.constantFrom('0/16B3748', '0/0'),
  oid: fc.constantFrom('1', '4294967295'),
  regclass: fc.constantFrom('pg_catalog.pg_class', 'public."Odd name"', '1234'),
  regtype: fc.constantFrom('int4', 'public.mood', 'pg_catalog.text'),
  regproc: fc.constantFrom('pg_catalog.now'),
  int4range: fc.constantFrom('[1,5)', 'empty', '(,)'),
  numrange: fc.constantFrom('[1.0,2.00]', '(,3)'),
  tsrange: fc.constantFrom('[2026-01-01 10:00,2026-01-02)', 'empty'),
  tstzrange: fc.constantFrom('[2026-01-01 10:00+05,)', '(,infinity)'),
  daterange: fc.constantFrom('[2026-01-01,2026-02-01)'),
  tstzmultirange: fc.constantFrom('{[2026-01-01Z,2026-01-02Z),[2026-02-01Z,)}', '{}'),
  'int4[]': fc.constantFrom('{}', '{1,NULL,3}', '{{1,2},{3,4}}', '[0:1]={7,8}'),
  'text[]': fc.constantFrom('{}', '{"a b",NULL,"NULL","\\""}'),
  'float8[]': fc.constantFrom('{0.1,-0,NaN}'),
  'timestamptz[]': fc.constantFrom('{"2026-01-01 00:00+05"}', '{infinity}'),
  'interval[]': fc.constantFrom('{"1 day","24:00"}'),
  'jsonb[]': fc.constantFrom('{"{\\"a\\": 1}"}'),
  'bytea[]': fc.constantFrom('{"\\\\xdeadbeef"}'),
  mood: fc.constantFrom('ok', 'so so', 'ßad'),
  'mood[]': fc.constantFrom('{ok,"so so"}', '{}'),
  amount: fc.constantFrom('1', '1.50'),
  'amount[]': fc.constantFrom('{1,2.50}'),
  label: text.map((s) => s.slice(0, 5).toWellFormed()),
  pair: fc.constantFrom('(1,"2026-01-01 00:00+05","1 day")', '(,,)', '(2,,"24:00")'),
  'pair[]': fc.constantFrom('{"(1,\\"2026-01-01 00:00+05\\",)"}', '{}'),
  nested: fc.constantFrom('("(1,,)","{0.1,-0}",ok)', '(,,)'),
  span: fc.constantFrom('[0.1,0.30000000000000004)', 'empty'),
}

/** The user's types above. */
export const userTypes = `
  create table "Odd name" (id int);
  create type mood as enum ('ok', 'so so', 'ßad');
  create domain amount as numeric check (value >= 0);
  create domain label as text;
  create type pair as (a int, at timestamptz, "i t" interval);
  create type nested as (p pair, f float8[], m mood);
  create type span as range (subtype = float8)`

/** One column of a generated table, with two values, either of which may be null. */
export interface GeneratedColumn {
  name: string
  type: string
  before: string | null
  after: string | null
}

/** A column list; half of the values stay as they are. */
export const columns: fc.Arbitrary<GeneratedColumn[]> = fc
  .uniqueArray(fc.constantFrom(...Object.keys(types)), { minLength: 1, maxLength: 8 })
  .chain((names) =>
    fc.tuple(
      ...names.map((type, i) => {
        const value = fc.option(types[type]!, { freq: 4 })
        return fc.tuple(value, value, fc.boolean()).map(([before, after, same]) => ({
          name: `c${i} ${type}`,
          type,
          before,
          after: same ? before : after,
        }))
      }),
    ),
  )

/** Settings of a session that change how values are printed, or how text is read. */
export const settings = fc.record({
  timezone: fc.constantFrom('UTC', 'Asia/Kolkata', 'America/New_York', '<+02>-02', 'Europe/Berlin'),
  datestyle: fc.constantFrom('ISO, MDY', 'German', 'SQL, DMY', 'Postgres, YMD'),
  intervalstyle: fc.constantFrom('postgres', 'iso_8601', 'sql_standard', 'postgres_verbose'),
  bytea_output: fc.constantFrom('hex', 'escape'),
  extra_float_digits: fc.constantFrom('-15', '0', '1', '3'),
  client_encoding: fc.constantFrom('UTF8', 'SQL_ASCII'),
  quote_all_identifiers: fc.constantFrom('on', 'off'),
  search_path: fc.constantFrom('public', "''", 'public, pg_catalog'),
  lc_monetary: fc.constantFrom('C', 'en_US.UTF-8'),
  xmloption: fc.constantFrom('content', 'document'),
  array_nulls: fc.constantFrom('on', 'off'),
  transform_null_equals: fc.constantFrom('on', 'off'),
  backslash_quote: fc.constantFrom('on', 'safe_encoding'),
  standard_conforming_strings: fc.constantFrom('on', 'off'),
})
