// A message as the receiver gets it, by joining the raw JSON of record and changes: nothing is parsed and
// printed again, so numbers keep their digits and the hot path its speed.
import type { Action, EventRow } from '../log/events.ts'
import type { BodyWriter } from './body.ts'
import { stripColumns } from './strip.ts'

const actions: Record<Action, string> = { i: 'insert', u: 'update', d: 'delete', t: 'truncate', r: 'read' }

/** The action's name in messages. */
export const actionName = (action: Action): string => actions[action]

/** What is the same in all messages of a sink's table. */
export interface MessageTable {
  schema: string
  table: string
}

export interface MessageContext {
  tables: Map<number, MessageTable>
  /** Short form of the installation's id: makes idempotency keys differ between databases. */
  installation: string
  database: string
  sink: { uid: string; name: string }
  /** `rows`: changes is null. */
  rowsOnly: boolean
  replayId: string | null
}

/** The key that this change has over every attempt, replay and sink. */
export function idempotencyKey(installation: string, eventId: number): string {
  return `${installation}-${eventId}`
}

/** JSON of transaction annotations; what is no JSON (a session may set anything) is null. */
export function annotationsJson(text: string | null): string {
  if (text === null) return 'null'
  try {
    JSON.parse(text)
    return text
  } catch {
    return 'null'
  }
}

const nothing = Buffer.from('null')

/** A stored document as this sink sees it. */
function shown(document: Buffer | null, hidden: readonly string[] | null): Buffer {
  if (document === null) return nothing
  return hidden === null ? document : Buffer.from(stripColumns(document.toString(), hidden))
}

const opening = Buffer.from('{"record":')
const between = Buffer.from(',"changes":')

export interface MessagePrinter {
  print(out: BodyWriter, row: EventRow, backfillId: string | null, key?: string): void
  /** What a table is called from now on. */
  rename(sourceId: number, table: MessageTable): void
}

/** Makes the printer of one sink's messages. */
export function createMessagePrinter(context: MessageContext): MessagePrinter {
  // with the changes before it, and without any
  const heads = new Map<number, Record<Action, { behind: Buffer; alone: Buffer }>>()
  const rename = (id: number, t: MessageTable): void => {
    const head = (action: Action): { behind: Buffer; alone: Buffer } => {
      const text =
        `,"action":"${actions[action]}","metadata":{"table_schema":${JSON.stringify(t.schema)},` +
        `"table_name":${JSON.stringify(t.table)},"record_pks":`
      return { behind: Buffer.from(text), alone: Buffer.from(`,"changes":null${text}`) }
    }
    heads.set(id, { i: head('i'), u: head('u'), d: head('d'), t: head('t'), r: head('r') })
  }
  for (const [id, t] of context.tables) rename(id, t)
  const replay = context.replayId === null ? 'null' : JSON.stringify(context.replayId)
  const tail =
    `,"database_name":${JSON.stringify(context.database)},"consumer":{"id":${JSON.stringify(context.sink.uid)},` +
    `"name":${JSON.stringify(context.sink.name)}}}}`
  const usual = Buffer.from(`,"replay_id":${replay},"backfill_id":null${tail}`)

  return {
    rename,
    print(out, row, backfillId, key) {
      out.bytes(opening)
      out.bytes(shown(row.record, row.hidden))
      const head = heads.get(row.source_id)![row.action]
      if (row.changes === null || context.rowsOnly) out.bytes(head.alone)
      else {
        out.bytes(between)
        out.bytes(shown(row.changes, row.hidden))
        out.bytes(head.behind)
      }
      out.text(
        `${row.pks_json ?? JSON.stringify(row.pks)},"previous_pks":${row.old_pks === null ? 'null' : JSON.stringify(row.old_pks)},` +
          `"commit_timestamp":"${row.captured_at}","transaction_id":"${row.xid}",` +
          `"idempotency_key":${JSON.stringify(key ?? idempotencyKey(context.installation, row.event_id))},` +
          `"transaction_annotations":${annotationsJson(row.annotations)}`,
      )
      if (backfillId === null) out.bytes(usual)
      else out.text(`,"replay_id":${replay},"backfill_id":${JSON.stringify(backfillId)}${tail}`)
    },
  }
}
