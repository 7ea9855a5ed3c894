// A sink over a table, and a dispatcher that a test moves by hand: it reads the log and writes down what
// became of the messages through the same functions as a real one, and sends nothing.
import { randomUUID } from 'node:crypto'
import type { Sql } from 'postgres'

/** A sink with its live stream. */
export interface SinkFixture {
  id: number
  name: string
  stream: string
  source: number
}

/** Makes a sink for a table that exists, and captures it. */
export async function makeSink(
  sql: Sql,
  { name = 'orders', table = 'orders', groupColumns = null as number[] | null } = {},
): Promise<SinkFixture> {
  await sql`insert into rowhook.endpoint (name, url) values ('app', 'https://app.example.com/') on conflict do nothing`
  const [made] = await sql`
    insert into rowhook.sink (name, endpoint_id) select ${name}, e.id from rowhook.endpoint e returning id`
  const id = made!['id'] as number
  const [found] = await sql`select rowhook.source_for(${table}::regclass) as source`
  const source = found!['source'] as number
  await sql`
    insert into rowhook.sink_table (sink_id, source_id, ordinal, group_columns)
    values (${id}, ${source}, 0, ${groupColumns})`
  const [stream] = await sql`select rowhook.create_stream(${id})::text as id`
  await sql`select rowhook.refresh(${table}::regclass)`
  return { id, name, stream: stream!['id'] as string, source }
}

/** A chunk of the log, and the position that holds when it is settled. */
export interface Chunk {
  ids: number[]
  from: number
  to: number
  last: number
}

/** What a run has to say; see rowhook.save_stream. */
export type Ops = Record<string, unknown>

/** A run that a test moves by hand. */
export interface HandRun {
  dispatcher: string
  /** Reads what is new, `limit` events at most, and saves nothing. */
  read(limit?: number): Promise<Chunk>
  /** Saves that everything of the chunk is settled. */
  settle(chunk: Chunk, ops?: Ops | null, delivered?: number): Promise<boolean>
  /** Saves `ops` and leaves the position. */
  note(ops: Ops): Promise<boolean>
  /** Reads everything that is new and saves it as delivered. */
  deliverAll(): Promise<number[]>
  release(): Promise<void>
}

/** Claims a sink's stream for a dispatcher of its own. */
export async function claim(sql: Sql, sink: SinkFixture): Promise<HandRun> {
  const dispatcher = randomUUID()
  await sql`insert into rowhook.dispatcher (id, host, pid, version) values (${dispatcher}, 'test', 1, 'test')`
  const [stream] = await sql`
    select token::text, tick_from::float8 as "from", tick_to::float8 as "to", last_id::float8 as last,
      delivered::float8 as delivered
    from rowhook.claim_stream(${sink.stream}, ${dispatcher})`
  if (stream === undefined) throw new Error('the stream is not to be had')
  const token = stream['token'] as string
  let position = {
    from: stream['from'] as number,
    to: stream['to'] as number,
    last: stream['last'] as number,
  }

  let total = stream['delivered'] as number
  let number = 0
  const save = async (at: typeof position, delivered: number, ops: Ops | null): Promise<boolean> => {
    total += delivered
    const [row] = await sql`
      select rowhook.save_stream(${sink.stream}, ${token}, ${(number += 1)}, ${at.from}, ${at.to}, ${at.last}, ${total},
        ${ops === null ? null : JSON.stringify(ops)}::text::json) as saved`
    if (row!['saved'] === true) position = at
    return row!['saved'] as boolean
  }
  const run: HandRun = {
    dispatcher,
    async read(limit = 1000) {
      let { from, to, last } = position
      if (to <= from) {
        const [tick] = await sql`select tick_id::float8 as id from rowhook.take_tick()`
        to = tick!['id'] as number
        last = 0
      }
      const rows = await sql`
        select event_id::float8 as id
        from rowhook.read_window(${sink.id}, ${[sink.source]}, ${from}, ${to}, ${last}, ${limit}, 1000000000)`
      const ids = rows.map((row) => row['id'] as number)
      if (ids.length < limit) [from, last] = [to, 0]
      else last = ids.at(-1)!
      return { ids, from, to, last }
    },
    settle: async ({ from, to, last, ids }, ops = null, delivered = ids.length) =>
      save({ from, to, last }, delivered, ops),
    note: async (ops) => save(position, 0, ops),
    async deliverAll() {
      const chunk = await run.read(100_000)
      await run.settle(chunk)
      return chunk.ids
    },
    async release() {
      await sql`select rowhook.release_stream(${sink.stream}, ${token})`
    },
  }
  return run
}

/** A failed batch, as ops.freeze takes it. */
export function failedBatch(
  sink: SinkFixture,
  members: { id: number; key: string | number }[],
  {
    id = 'msg_1',
    failures = 1,
    nextMs = 60_000 as number | null,
    error = '503 Service Unavailable' as string | null,
  } = {},
): Ops {
  return {
    id,
    event_ids: members.map((m) => m.id),
    member_failures: members.map(() => failures),
    groups: [...new Set(members.map((m) => `${sink.source}:${m.key}`))],
    attempt: failures,
    next_ms: nextMs,
    error,
  }
}
