// What of Postgres's grammar a filter may be made of: every parse node with each of its fields
// that the checker reads. Anything else is refused, with the reason below where people are likely
// to meet it. Written against the grammar of Postgres 18 as libpg-query prints it.

/** Allowed node → the fields that the checker understands. */
export const knownFields: Readonly<Record<string, readonly string[]>> = {
  A_ArrayExpr: ['elements', 'location', 'list_start', 'list_end'],
  A_Const: ['ival', 'fval', 'boolval', 'sval', 'bsval', 'isnull', 'location'],
  A_Expr: ['kind', 'name', 'lexpr', 'rexpr', 'location', 'rexpr_list_start', 'rexpr_list_end'],
  A_Indices: ['is_slice', 'lidx', 'uidx'],
  A_Indirection: ['arg', 'indirection'],
  BoolExpr: ['boolop', 'args', 'location'],
  BooleanTest: ['arg', 'booltesttype', 'location'],
  CaseExpr: ['arg', 'args', 'defresult', 'location'],
  CaseWhen: ['expr', 'result', 'location'],
  CoalesceExpr: ['args', 'location'],
  CollateClause: ['arg', 'collname', 'location'],
  ColumnRef: ['fields', 'location'],
  FuncCall: ['funcname', 'args', 'funcformat', 'location'],
  JsonIsPredicate: ['expr', 'format', 'item_type', 'unique_keys', 'location'],
  List: ['items'],
  MinMaxExpr: ['op', 'args', 'location'],
  NullTest: ['arg', 'nulltesttype', 'location'],
  RowExpr: ['args', 'row_format', 'location'],
  SQLValueFunction: ['op', 'typmod', 'location'],
  TypeCast: ['arg', 'typeName', 'location'],
  TypeName: ['names', 'typmods', 'typemod', 'arrayBounds', 'location'],
}

const aggregate = 'aggregates are not allowed: a filter sees one row'
const window = 'window functions are not allowed: a filter sees one row'
const xml =
  'XML expressions are not allowed: they need a build of Postgres with libxml, and parse whatever the row holds'
const json =
  'SQL/JSON constructors and query functions are not allowed: use the operators -> ->> #>> @> ? @?, or jsonb_build_object'
const named = 'named arguments are not allowed: give the arguments in order'

/** Refused node, or `Node.field` of an allowed one → why, as the user reads it. */
export const refusedNodes: Readonly<Record<string, string>> = {
  SubLink: 'subqueries are not allowed: a filter sees one row and no table',
  ParamRef: 'parameters such as $1 are not allowed: write the value itself',
  NamedArgExpr: named,
  SetToDefault: 'DEFAULT is not a value that a filter can compare with',
  GroupingFunc: aggregate,
  CurrentOfExpr: 'WHERE CURRENT OF needs a cursor; a filter sees one row',
  MergeSupportFunc: 'merge_action() is only known inside MERGE',
  MultiAssignRef: 'assignments are not allowed in a filter',
  XmlExpr: xml,
  XmlSerialize: xml,
  JsonFuncExpr: json,
  JsonObjectConstructor: json,
  JsonArrayConstructor: json,
  JsonArrayQueryConstructor: 'subqueries are not allowed: a filter sees one row and no table',
  JsonObjectAgg: aggregate,
  JsonArrayAgg: aggregate,
  JsonParseExpr: json,
  JsonScalarExpr: json,
  JsonSerializeExpr: json,
  JsonValueExpr: json,
  'FuncCall.agg_order': aggregate,
  'FuncCall.agg_filter': aggregate,
  'FuncCall.agg_star': aggregate,
  'FuncCall.agg_distinct': aggregate,
  'FuncCall.agg_within_group': aggregate,
  'FuncCall.over': window,
  'FuncCall.func_variadic': 'VARIADIC is not allowed: give the arguments one by one',
  'TypeName.setof': 'SETOF types are not allowed: a filter gives one value',
  'TypeName.pct_type': '%TYPE is not allowed: name the type itself',
}
