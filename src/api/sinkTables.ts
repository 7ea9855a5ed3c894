// The tables of sinks as they are shown: under the names of now, because sinks follow renames of tables
// and columns. What is shown can be sent back, and means the same.
import { sql } from 'kysely'
import { type Renames, presentFilter, renamesSince } from '../capture/former-names.ts'
import type { Db } from '../db/kysely.ts'
import type { SinkEntry, SinkShown } from './schema/sink.ts'

export type ShownTable = SinkShown['tables'][number]
type GivenTable = SinkEntry['tables'][number]

/** How a table of a sink was given, where columns that it names have got other names since. */
export interface FormerNames {
  filter: ShownTable['filter']
  /** Present names of columns, by former ones. */
  renamed: ReadonlyMap<string, string>
  /** Other columns have taken former names, which therefore mean something else now. */
  taken: boolean
}

/** Tables by sink. What was dropped keeps the name under which it was saved. */
export async function tablesOf(db: Db, sinkIds: readonly number[]): Promise<Map<number, ShownTable[]>> {
  const { shown } = await loadTables(db, sinkIds)
  return shown
}

/** The same, and former names by sink and table, for documents that still use those. */
export async function loadTables(
  db: Db,
  sinkIds: readonly number[],
): Promise<{ shown: Map<number, ShownTable[]>; former: Map<number, Map<string, FormerNames>> }> {
  interface Row extends Omit<ShownTable, 'stale_reason'> {
    sink_id: number
    stale_reason: string | null
    renamed: Renames | null
  }
  const columns = (list: string) => sql`
    case when ${sql.ref(list)} = '{}' then '[]' else
    (select json_agg(coalesce(a.attname::text, t.column_names ->> g.att::text) order by g.i)
     from unnest(${sql.ref(list)}) with ordinality as g (att, i)
     left join pg_catalog.pg_attribute a on a.attrelid = t.relid and a.attnum = g.att and not a.attisdropped) end`
  const { rows } = await sql<Row>`
    select t.sink_id, t.actions, t.filter, t.unchanged,
      -- as rowhook.table_name does, without the calls: a list of a thousand sinks comes through here
      quote_ident(coalesce(n.nspname, s.schema_name)) || '.' || quote_ident(coalesce(c.relname, s.table_name)) as name,
      coalesce(t.stale_reason, case when c.oid is null then
        'the table was dropped; create it again and save the sink, or take it out of the sink' end) as stale_reason,
      case when t.group_columns is not null then ${columns('t.group_columns')} end as group_by,
      ${columns('t.exclude_columns')} as exclude_columns,
      -- one comparison for most: only what has another name now is looked up
      case when not t.column_names - 'table' <@ present.names
        then ${sql.raw(renamesSince('t.column_names', 't.relid'))} end as renamed
    from rowhook.source s
    cross join lateral (
      select coalesce(jsonb_object_agg(a.attnum, a.attname), '{}') as names
      from pg_catalog.pg_attribute a where a.attrelid = s.relid and a.attnum > 0 and not a.attisdropped) present
    -- a table made anew has its columns under other numbers: then the names that were saved are meant
    join lateral (
      select e.*, case when (e.column_names ->> 'table')::oid = s.relid then s.relid end as relid
      from rowhook.sink_table e where e.source_id = s.id) t on true
    left join pg_catalog.pg_class c on c.oid = s.relid
    left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where t.sink_id = any (${[...sinkIds]}::int[])
    order by t.sink_id, t.ordinal`.execute(db)
  const shown = new Map<number, ShownTable[]>()
  const former = new Map<number, Map<string, FormerNames>>()
  for (const { sink_id, stale_reason, renamed, ...table } of rows) {
    const filter = await presentFilter(table.filter, renamed)
    const list = shown.get(sink_id) ?? []
    list.push({ ...table, filter, ...(stale_reason === null ? {} : { stale_reason }) })
    shown.set(sink_id, list)
    if (renamed === null) continue
    const names = new Map(Object.entries(renamed).map(([name, { now }]) => [name, now]))
    const ofSink = former.get(sink_id) ?? new Map<string, FormerNames>()
    const taken = Object.values(renamed).some((column) => column.taken)
    ofSink.set(table.name, { filter: table.filter, renamed: names, taken })
    former.set(sink_id, ofSink)
  }
  return { shown, former }
}

/**
 * A table of a document under present names, where the document has those under which it was applied.
 * A filter is taken for that only as it was written: in any other one, what is wrong is to be shown at its
 * place.
 */
export function underPresentNames(
  given: GivenTable,
  shown: ShownTable | undefined,
  former: FormerNames | undefined,
): GivenTable {
  if (shown === undefined || former === undefined || former.taken) return given
  const now = (name: string) => former.renamed.get(name) ?? name
  const same = JSON.stringify(given.filter) === JSON.stringify(former.filter)
  return {
    ...given,
    filter: same ? shown.filter : given.filter,
    group_by: given.group_by?.map(now) ?? null,
    exclude_columns: given.exclude_columns.map(now),
  }
}
