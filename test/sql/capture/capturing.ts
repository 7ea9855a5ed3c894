// Sinks without an API and events without a dispatcher: what the tests of capture start from.
import type postgres from 'postgres'
import {
  type TableInput,
  prepareSources,
  regenerate,
  resolveTables,
  saveTables,
} from '../../../src/capture/tables.ts'

/** Makes, or changes, the sink of this name; returns its id. */
export async function capture(
  sql: postgres.Sql,
  tables: TableInput | TableInput[],
  name = 'sink',
): Promise<number> {
  const resolved = await resolveTables(sql, Array.isArray(tables) ? tables : [tables])
  await prepareSources(sql, resolved)
  const id = await sql.begin(async (tx) => {
    await tx`insert into rowhook.endpoint (name, url) values ('endpoint', 'https://example.com') on conflict do nothing`
    const [sink] = await tx<{ id: number }[]>`
      insert into rowhook.sink (name, endpoint_id)
      select ${name}, e.id from rowhook.endpoint e where e.name = 'endpoint'
      on conflict (name) do update set updated_at = now() returning id`
    await regenerate(
      tx,
      (await saveTables(tx, sink!.id, resolved)).toSorted((a, b) => a - b),
    )
    return sink!.id
  })
  await expectCompiled(sql)
  return id
}

/** Code that could not be planned is replaced by one that leaves all verdicts open: no test wants that. */
async function expectCompiled(sql: postgres.Sql): Promise<void> {
  const faulty = await sql<{ proname: string }[]>`
    select proname from pg_proc where pronamespace = 'rowhook'::regnamespace
      and proname like 'capture\_%' and prosrc like '%::regclass, ''none'')%'`
  if (faulty.length > 0) throw new Error(`${faulty[0]!.proname} does not plan`)
}

/** A stored event; `record` and `changes` as the raw text. */
export interface StoredEvent {
  id: number
  action: string
  sinks: number[]
  undecided: number[] | null
  groups: (string | null)[] | null
  old_groups: (string | null)[] | null
  pks: string[]
  old_pks: string[] | null
  record: string | null
  changes: string | null
  annotations: string | null
  shape: Record<string, number> | null
  table_name: string
}

/** All events in the order in which they were captured, from after the one given. */
export async function events(sql: postgres.Sql, after = 0): Promise<StoredEvent[]> {
  return sql<StoredEvent[]>`
    select e.id::float8 as id, e.action::text as action, e.sinks, (e.extra).undecided, to_jsonb(e.groups) as groups, to_jsonb((e.extra).old_groups) as old_groups, e.pks,
      (e.extra).old_pks, e.record::text as record, e.changes::text as changes, (e.extra).annotations, (e.extra).shape, s.table_name
    from rowhook.event e join rowhook.source s on s.id = e.source_id
    where e.id > ${after} order by e.id`
}

/** The last event's id. */
export async function lastEvent(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<{ id: number }[]>`select rowhook.last_event_id()::float8 as id`
  return row!.id
}

/** Events as short lines: `u 1 {"id":1} {"n":2}`. */
export function lines(list: readonly StoredEvent[]): string[] {
  return list.map((e) => [e.action, e.pks.join(':'), e.record ?? '', e.changes ?? ''].join(' ').trimEnd())
}

/** An event as a sink gets it, verdicts included. */
export interface Delivered {
  id: number
  action: string
  group: string
  previousGroup: string | null
  pks: string[]
  record: Record<string, unknown> | null
  changes: Record<string, unknown> | null
}

/**
 * What a sink would be sent: the events that it wants, and the undecided ones by their verdicts.
 * @returns also ids of those that wait because their table is stale, and errors by id
 */
export async function delivered(
  sql: postgres.Sql,
  sink: number,
): Promise<{ messages: Delivered[]; stale: number[]; errors: Map<number, string> }> {
  await sql`select rowhook.refresh_source(s.id) from rowhook.source s`
  const open = await sql<{ source_id: number; ids: number[] }[]>`
    select source_id, array_agg(id::int) as ids from rowhook.event
    where ${sink} = any ((extra).undecided) group by source_id`
  const verdicts = new Map<
    number,
    { verdict: string; grp: string | null; old_grp: string | null; error: string | null }
  >()
  for (const { source_id, ids } of open) {
    const rows = await sql<
      {
        event_id: number
        verdict: string
        grp: string | null
        old_grp: string | null
        error: string | null
      }[]
    >`select event_id::int as event_id, verdict, grp, old_grp, error from rowhook.decide(${sink}, ${ids}, ${source_id})`
    for (const row of rows) verdicts.set(row.event_id, row)
  }
  const messages: Delivered[] = []
  const stale: number[] = []
  const errors = new Map<number, string>()
  for (const event of await events(sql)) {
    const at = event.sinks.indexOf(sink)
    const verdict = verdicts.get(event.id)
    if (verdict?.verdict === 'stale') stale.push(event.id)
    if (verdict?.verdict === 'error') errors.set(event.id, verdict.error ?? '')
    if (at === -1 && verdict?.verdict !== 'wanted') continue
    const group = at === -1 ? verdict!.grp : (event.groups?.[at] ?? null)
    const previous = at === -1 ? verdict!.old_grp : (event.old_groups?.[at] ?? null)
    messages.push({
      id: event.id,
      action: event.action,
      group: group ?? event.pks.join(':'),
      previousGroup: previous,
      pks: event.pks,
      record: event.record === null ? null : (JSON.parse(event.record) as Record<string, unknown>),
      changes: event.changes === null ? null : (JSON.parse(event.changes) as Record<string, unknown>),
    })
  }
  return { messages, stale, errors }
}
