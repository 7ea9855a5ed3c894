// A message as the receiver gets it, by joining the raw JSON text of record and changes: nothing is
// parsed and printed again, so numbers keep their digits and the hot path its speed.
import type { Action, EventRow } from '../log/events.ts'
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

/** A stored document as this sink sees it. */
function shown(document: string | null, hidden: readonly string[] | null): string {
  if (document === null) return 'null'
  return hidden === null ? document : stripColumns(document, hidden)
}

/** Makes the printer of one sink's messages. */
export function createMessagePrinter(
  context: MessageContext,
): (row: EventRow, backfillId: string | null, key?: string) => string {
  const heads = new Map<number, string>()
  for (const [id, t] of context.tables) {
    heads.set(
      id,
      `"metadata":{"table_schema":${JSON.stringify(t.schema)},"table_name":${JSON.stringify(t.table)},"record_pks":`,
    )
  }
  const replay = context.replayId === null ? 'null' : JSON.stringify(context.replayId)
  const tail =
    `,"database_name":${JSON.stringify(context.database)},"consumer":{"id":${JSON.stringify(context.sink.uid)},` +
    `"name":${JSON.stringify(context.sink.name)}}}}`

  return (row, backfillId, key) => {
    const record = shown(row.record, row.hidden)
    const changes = context.rowsOnly ? 'null' : shown(row.changes, row.hidden)
    return (
      `{"record":${record},"changes":${changes},"action":"${actions[row.action]}",${heads.get(row.source_id)}` +
      `${JSON.stringify(row.pks)},"previous_pks":${row.old_pks === null ? 'null' : JSON.stringify(row.old_pks)},` +
      `"commit_timestamp":"${row.captured_at}","transaction_id":"${row.xid}",` +
      `"idempotency_key":${JSON.stringify(key ?? idempotencyKey(context.installation, row.event_id))},` +
      `"transaction_annotations":${annotationsJson(row.annotations)},"replay_id":${replay},` +
      `"backfill_id":${backfillId === null ? 'null' : JSON.stringify(backfillId)}${tail}`
    )
  }
}
