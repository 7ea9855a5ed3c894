// The calls of a run into the database: lease, state, saves. All SQL is in sql/functions.
import type { Sql } from 'postgres'
import type { Ops, Position } from './book.ts'
import type { SavedCircuit } from './circuit.ts'
import type { HeldRow } from './newest.ts'
import type { SavedState } from './run.ts'
import type { Place } from './save.ts'
import type { SinkDocument } from './target.ts'

/** A stream as it was claimed. */
export interface ClaimedStream {
  id: string
  sinkId: number
  replayId: string | null
  /** The fencing token of this lease. */
  token: string
  /** The number of the last save under it. */
  save: number
  position: Position
  /** Messages delivered so far. */
  delivered: number
  circuit: Omit<SavedCircuit, 'nextAt'> & { waitMs: number }
}

/** Takes a stream's lease; null when somebody else has it, or its sink is not active. */
export async function claimStream(
  sql: Sql,
  streamId: string,
  dispatcherId: string,
): Promise<ClaimedStream | null> {
  const [row] = await sql`
    select id::text, sink_id, replay_id, token::text, save::float8 as save, tick_from::float8 as "from", tick_to::float8 as "to",
      last_id::float8 as last, delivered::float8 as delivered, circuit, circuit_blind, circuit_failures, circuit_probes,
      coalesce(extract(epoch from circuit_next_at - rowhook.now()) * 1000, 0)::float8 as wait_ms
    from rowhook.claim_stream(${streamId}, ${dispatcherId})`
  return row === undefined ? null : claimed(row)
}

/** Reads a stream again that this dispatcher holds, and whether a run of it may go on here; null: the lease is lost. */
export async function readStream(
  sql: Sql,
  streamId: string,
  token: string,
): Promise<{ stream: ClaimedStream; mayGoOn: boolean } | null> {
  const [row] = await sql`
    select st.id::text, st.sink_id, st.replay_id, st.token::text, st.save::float8 as save, st.tick_from::float8 as "from",
      st.tick_to::float8 as "to", st.last_id::float8 as last, st.delivered::float8 as delivered,
      st.circuit, st.circuit_blind, st.circuit_failures, st.circuit_probes,
      coalesce(extract(epoch from st.circuit_next_at - rowhook.now()) * 1000, 0)::float8 as wait_ms,
      s.status = 'active' and (r.id is null or r.state = 'active') and not exists (
        select from rowhook.listener l where l.sink_id = st.sink_id and l.dispatcher_id <> st.owner) as may_go_on
    from rowhook.stream st
    join rowhook.sink s on s.id = st.sink_id
    left join rowhook.replay r on r.id = st.replay_id
    where st.id = ${streamId} and st.token = ${token} and st.owner is not null`
  return row === undefined ? null : { stream: claimed(row), mayGoOn: row['may_go_on'] as boolean }
}

function claimed(row: Record<string, unknown>): ClaimedStream {
  return {
    id: row['id'] as string,
    sinkId: row['sink_id'] as number,
    replayId: row['replay_id'] as string | null,
    token: row['token'] as string,
    save: row['save'] as number,
    position: { from: row['from'] as number, to: row['to'] as number, last: row['last'] as number },
    delivered: row['delivered'] as number,
    circuit: {
      open: row['circuit'] === 'open',
      blind: row['circuit_blind'] as boolean,
      failures: row['circuit_failures'] as number,
      probes: row['circuit_probes'] as number,
      waitMs: row['wait_ms'] as number,
    },
  }
}

/** Gives back whatever lease of the stream this dispatcher holds. */
export async function releaseHeld(sql: Sql, streamId: string, dispatcherId: string): Promise<void> {
  await sql`
    select rowhook.release_stream(st.id, st.token)
    from rowhook.stream st where st.id = ${streamId} and st.owner = ${dispatcherId}`
}

/** Whether a stream is there, whoever runs it. */
export async function hasStream(sql: Sql, streamId: string): Promise<boolean> {
  return (await sql`select from rowhook.stream where id = ${streamId}`).length > 0
}

/** The sink with its endpoint and tables; null when it is gone. */
export async function loadSink(sql: Sql, sinkId: number): Promise<SinkDocument | null> {
  const [row] = await sql`select rowhook.load_sink(${sinkId})::text as document`
  const document = row!['document'] as string | null
  return document === null ? null : (JSON.parse(document) as SinkDocument)
}

/** Frozen batches and held messages of a stream. */
export async function loadState(sql: Sql, streamId: string): Promise<SavedState> {
  const [row] = await sql`select rowhook.load_stream(${streamId})::text as document`
  return JSON.parse(row!['document'] as string) as SavedState
}

/** Which rows the held messages of a stream are about. */
export async function loadHeldRows(sql: Sql, streamId: string): Promise<HeldRow[]> {
  return sql<HeldRow[]>`
    select event_id::float8 as event_id, source_id, pks, old_pks from rowhook.held_rows(${streamId})`
}

/** Writes a run's progress; false: the lease is lost. */
export async function saveStream(
  sql: Sql,
  { stream, number, position, delivered }: Place,
  ops: Ops | null,
): Promise<boolean> {
  const [row] = await sql`
    select rowhook.save_stream(${stream.id}, ${stream.token}, ${number}, ${position.from}, ${position.to},
      ${position.last}, ${delivered}, ${ops === null ? null : JSON.stringify(ops)}::text::json) as ok`
  return row!['ok'] as boolean
}

/** Writes positions of live streams in one statement; the ids of those that it knows to be saved. */
export async function savePositions(sql: Sql, places: readonly Place[]): Promise<Set<string>> {
  const each = <T>(value: (place: Place) => T): T[] => places.map(value)
  const rows = await sql<{ id: string }[]>`
    select s::text as id from rowhook.save_positions(
      ${each(({ stream }) => stream.id)}, ${each(({ stream }) => stream.token)}, ${each(({ number }) => number)},
      ${each(({ position }) => position.from)}, ${each(({ position }) => position.to)},
      ${each(({ position }) => position.last)}, ${each(({ delivered }) => delivered)}) s`
  return new Set(rows.map(({ id }) => id))
}
