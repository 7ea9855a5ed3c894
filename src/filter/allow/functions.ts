// The functions of the filter language, by the name they have in pg_catalog. The bar for each, in
// Postgres 14 to 18: every overload of the name is an ordinary function that is immutable, or
// stable only because it reads settings that capture pins (TimeZone, DateStyle, …); none looks
// anything up in the catalogs by a name that a user may take; none makes a value of a size that
// its arguments' sizes do not add up to; none is slower than its input is long. What does not
// reach the bar is in left-out.ts, with the reason.

/** What a function accepts and gives. */
export interface FunctionRule {
  /** Fewest and most arguments. */
  args: readonly [number, number]
  /** pg_type.typname of the result, where every overload gives the same. */
  gives?: string
  /**
   * What the first argument may be besides a built-in type: `enums` also enum arrays and their
   * elements (polymorphic functions that only count or compare), `anything` every type (only
   * looked at for null), `printed` also enums, through their text.
   */
  takes?: 'enums' | 'anything' | 'printed'
  /** Never raises on a first argument of these types (`array`: any array), with plain arguments else. */
  neverRaisesOn?: readonly string[]
  /** The argument (from 1) that has to be a literal regular expression. */
  regex?: number
  /** … that may be one, unless it is a number: substring(text from 2), substring(text from 'a.c'). */
  regexOrNumber?: number
  /** … that has to be a literal jsonpath. */
  jsonpath?: number
  /** First major version of Postgres that has it, when later than 14. */
  since?: 15 | 16 | 17 | 18
  /** The last argument has to be known as a date or timestamp: on timetz the answer depends on today. */
  timestamp?: true
  /** Gives the time: only where `allowNow`. */
  clock?: true
}

const many = 100
const texts = ['text', 'varchar', 'bpchar', 'name'] as const
const ranges = [
  'int4range',
  'int8range',
  'numrange',
  'tsrange',
  'tstzrange',
  'daterange',
  'int4multirange',
  'int8multirange',
  'nummultirange',
  'tsmultirange',
  'tstzmultirange',
  'datemultirange',
] as const
const one: readonly [number, number] = [1, 1]
const two: readonly [number, number] = [2, 2]
const three: readonly [number, number] = [3, 3]
const triple: FunctionRule = { args: three }
const toText: FunctionRule = { args: one, gives: 'text' }
const number1: FunctionRule = { args: one }
const number2: FunctionRule = { args: two }
const float: FunctionRule = { args: one, gives: 'float8' }
const bound: FunctionRule = { args: one, gives: 'bool', neverRaisesOn: ranges }
const construct: FunctionRule = { args: [2, 3] }
const collect: FunctionRule = { args: [0, many] }
const shape: FunctionRule = { args: one }

/** Groups as the documentation lists them. */
export const functionGroups: Readonly<Record<string, Readonly<Record<string, FunctionRule>>>> = {
  Text: {
    // lower and upper also give the bounds of a range.
    lower: number1,
    upper: number1,
    initcap: toText,
    casefold: { ...toText, since: 18 },
    length: { args: one, gives: 'int4', neverRaisesOn: [...texts, 'bytea', 'bit', 'varbit', 'tsvector'] },
    char_length: { args: one, gives: 'int4', neverRaisesOn: texts },
    character_length: { args: one, gives: 'int4', neverRaisesOn: texts },
    octet_length: { args: one, gives: 'int4', neverRaisesOn: [...texts, 'bytea', 'bit', 'varbit'] },
    bit_length: { args: one, gives: 'int4', neverRaisesOn: [...texts, 'bytea', 'bit', 'varbit'] },
    btrim: { args: [1, 2] },
    ltrim: { args: [1, 2] },
    rtrim: { args: [1, 2] },
    left: { args: two, gives: 'text' },
    right: { args: two, gives: 'text' },
    substr: { args: [2, 3] },
    substring: { args: [2, 3], regexOrNumber: 2 },
    overlay: { args: [3, 4] },
    position: { args: two, gives: 'int4' },
    strpos: { args: two, gives: 'int4' },
    starts_with: { args: two, gives: 'bool' },
    split_part: { args: three, gives: 'text' },
    translate: { args: three, gives: 'text' },
    reverse: number1,
    ascii: { args: one, gives: 'int4' },
    chr: toText,
    concat: { args: [1, many], gives: 'text', takes: 'printed' },
    concat_ws: { args: [2, many], gives: 'text', takes: 'printed' },
    normalize: { args: [1, 2], gives: 'text' },
    is_normalized: { args: [1, 2], gives: 'bool' },
    md5: toText,
    to_hex: toText,
    encode: { args: two, gives: 'text' },
    like_escape: { args: two },
    string_to_array: { args: [2, 3] },
  },
  'Regular expressions': {
    regexp_like: { args: [2, 3], gives: 'bool', regex: 2, since: 15 },
    regexp_count: { args: [2, 4], gives: 'int4', regex: 2, since: 15 },
    regexp_instr: { args: [2, 7], gives: 'int4', regex: 2, since: 15 },
    regexp_substr: { args: [2, 6], gives: 'text', regex: 2, since: 15 },
    regexp_match: { args: [2, 3], regex: 2 },
  },
  Numbers: {
    abs: number1,
    ceil: number1,
    ceiling: number1,
    floor: number1,
    round: { args: [1, 2] },
    trunc: { args: [1, 2] },
    sign: number1,
    mod: number2,
    div: number2,
    gcd: number2,
    lcm: number2,
    sqrt: number1,
    cbrt: float,
    ln: number1,
    log: { args: [1, 2] },
    log10: number1,
    scale: number1,
    min_scale: number1,
    trim_scale: number1,
    width_bucket: { args: [2, 4], gives: 'int4' },
    degrees: float,
    radians: float,
    pi: { args: [0, 0], gives: 'float8' },
    sin: float,
    sind: float,
    cos: float,
    cosd: float,
    tan: float,
    tand: float,
    cot: float,
    cotd: float,
    asin: float,
    asind: float,
    acos: float,
    acosd: float,
    atan: float,
    atand: float,
    atan2: { args: two, gives: 'float8' },
    atan2d: { args: two, gives: 'float8' },
    sinh: float,
    cosh: float,
    tanh: float,
    asinh: float,
    acosh: float,
    atanh: float,
  },
  'Bits and bytes': {
    bit_count: { args: one, gives: 'int8' },
    get_bit: { args: two, gives: 'int4' },
    get_byte: { args: two, gives: 'int4' },
    decode: { args: two, gives: 'bytea' },
    sha224: { args: one, gives: 'bytea' },
    sha256: { args: one, gives: 'bytea' },
    sha384: { args: one, gives: 'bytea' },
    sha512: { args: one, gives: 'bytea' },
    crc32: { args: one, gives: 'int8', since: 18 },
    crc32c: { args: one, gives: 'int8', since: 18 },
  },
  'Dates and times': {
    // `extract(year from x)` and `x at time zone 'UTC'` are calls of extract and timezone.
    extract: { args: two, gives: 'numeric' },
    date_part: { args: two, gives: 'float8' },
    date_trunc: { args: [2, 3] },
    date_bin: triple,
    date_add: { args: [2, 3], since: 16 },
    date_subtract: { args: [2, 3], since: 16 },
    // With one argument age() counts from today, so it has two here.
    age: number2,
    timezone: { args: [1, 2], timestamp: true },
    overlaps: { args: [4, 4], gives: 'bool' },
    isfinite: { args: one, gives: 'bool', neverRaisesOn: ['date', 'timestamp', 'timestamptz', 'interval'] },
    make_date: triple,
    make_time: triple,
    make_timestamp: { args: [6, 6] },
    make_timestamptz: { args: [6, 7] },
    make_interval: { args: [0, 7] },
    // With a format it would depend on lc_time; see left-out.ts.
    to_timestamp: { args: one, gives: 'timestamptz' },
    justify_days: number1,
    justify_hours: number1,
    justify_interval: number1,
    now: { args: [0, 0], gives: 'timestamptz', clock: true, neverRaisesOn: [] },
  },
  Arrays: {
    cardinality: { args: one, gives: 'int4', takes: 'enums', neverRaisesOn: ['array'] },
    array_length: { args: two, gives: 'int4', takes: 'enums', neverRaisesOn: ['array'] },
    array_ndims: { args: one, gives: 'int4', takes: 'enums', neverRaisesOn: ['array'] },
    array_lower: { args: two, gives: 'int4', takes: 'enums', neverRaisesOn: ['array'] },
    array_upper: { args: two, gives: 'int4', takes: 'enums', neverRaisesOn: ['array'] },
    array_position: { args: [2, 3], gives: 'int4', takes: 'enums' },
    array_positions: { args: two, takes: 'enums' },
    array_append: number2,
    array_prepend: number2,
    array_cat: number2,
    array_remove: number2,
    array_replace: triple,
    array_to_string: { args: [2, 3], gives: 'text', takes: 'printed' },
    trim_array: number2,
    array_reverse: { args: one, since: 18 },
    array_sort: { args: [1, 3], since: 18 },
  },
  JSON: {
    jsonb_typeof: { args: one, gives: 'text', neverRaisesOn: ['jsonb'] },
    json_typeof: { args: one, gives: 'text' },
    jsonb_array_length: { args: one, gives: 'int4' },
    json_array_length: { args: one, gives: 'int4' },
    jsonb_extract_path: { args: [1, many] },
    jsonb_extract_path_text: { args: [1, many], gives: 'text' },
    json_extract_path: { args: [1, many] },
    json_extract_path_text: { args: [1, many], gives: 'text' },
    jsonb_strip_nulls: { args: [1, 2], gives: 'jsonb' },
    jsonb_build_object: { args: [0, many], gives: 'jsonb' },
    jsonb_build_array: { args: [0, many], gives: 'jsonb' },
    to_jsonb: { args: one, gives: 'jsonb' },
    jsonb_path_exists: { args: [2, 4], gives: 'bool', jsonpath: 2 },
    jsonb_path_match: { args: [2, 4], gives: 'bool', jsonpath: 2 },
    jsonb_path_query_first: { args: [2, 4], gives: 'jsonb', jsonpath: 2 },
    jsonb_path_query_array: { args: [2, 4], gives: 'jsonb', jsonpath: 2 },
  },
  Ranges: {
    isempty: bound,
    lower_inc: bound,
    upper_inc: bound,
    lower_inf: bound,
    upper_inf: bound,
    range_merge: { args: [1, 2] },
    int4range: construct,
    int8range: construct,
    numrange: construct,
    tsrange: construct,
    tstzrange: construct,
    daterange: construct,
    int4multirange: collect,
    int8multirange: collect,
    nummultirange: collect,
    tsmultirange: collect,
    tstzmultirange: collect,
    datemultirange: collect,
  },
  Networks: {
    host: toText,
    abbrev: toText,
    family: { args: one, gives: 'int4' },
    masklen: { args: one, gives: 'int4' },
    netmask: { args: one, gives: 'inet' },
    hostmask: { args: one, gives: 'inet' },
    broadcast: { args: one, gives: 'inet' },
    network: { args: one, gives: 'cidr' },
    set_masklen: number2,
    inet_merge: { args: two, gives: 'cidr' },
    inet_same_family: { args: two, gives: 'bool' },
  },
  Geometry: {
    area: shape,
    center: shape,
    diameter: shape,
    radius: shape,
    height: shape,
    width: shape,
    npoints: shape,
    isclosed: shape,
    isopen: shape,
    diagonal: shape,
    slope: { args: two },
  },
  'Text search': {
    numnode: { args: one, gives: 'int4' },
    strip: { args: one, gives: 'tsvector' },
    tsvector_to_array: { args: one },
  },
  'Null, UUID, log position': {
    num_nulls: { args: [1, many], gives: 'int4', takes: 'anything', neverRaisesOn: ['anything'] },
    num_nonnulls: { args: [1, many], gives: 'int4', takes: 'anything', neverRaisesOn: ['anything'] },
    uuid_extract_version: { args: one, gives: 'int2', since: 17, neverRaisesOn: ['uuid'] },
    uuid_extract_timestamp: { args: one, gives: 'timestamptz', since: 17, neverRaisesOn: ['uuid'] },
    pg_wal_lsn_diff: { args: two, gives: 'numeric' },
  },
}

/** pg_proc.proname → rule, over all groups. */
export const functionRules: Readonly<Record<string, FunctionRule>> = Object.assign(
  Object.create(null) as Record<string, FunctionRule>,
  ...Object.values(functionGroups),
)
