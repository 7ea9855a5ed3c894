// Who edits or deletes a sink locks its row, and then its streams'. Whatever a run writes takes them in the same
// order, or one of the two would be broken off as a deadlock: the edit with 409, or the save a second late.
import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { type HandRun, type SinkFixture, claim, makeSink } from './sink.ts'

const circuit = { state: 'open', blind: true, failures: 5, probes: 1, next_ms: 1000 }
const discarded = { event_id: 1, groups: ['1:1'], attempts: 1, webhook_id: 'msg_1', error: 'no' }

type Write = (run: HandRun, sink: SinkFixture, sql: Sql) => PromiseLike<unknown>
const writes: Record<string, Write> = {
  'a circuit that opens': (run) => run.note({ circuit }),
  'a message that is discarded': (run) => run.note({ discard: [discarded] }),
  'a pause after 410': (run) => run.note({ pause: 'gone' }),
  'what a person asked for': (run, sink, sql) =>
    sql`select rowhook.apply_commands(${sink.id}, ${run.dispatcher})`,
}

type Step = (tx: Sql, id: number) => PromiseLike<unknown>
const hold: Step = (tx, id) => tx`select from rowhook.sink s where s.id = ${id} for no key update`
const edits: Record<string, [begin: Step, end: Step]> = {
  'deletes the sink': [
    // as `delete` itself does before it comes to what refers to the row
    (tx, id) => tx`select from rowhook.sink s where s.id = ${id} for update`,
    (tx, id) => tx`delete from rowhook.sink where id = ${id}`,
  ],
  'changes its receiver': [hold, (tx, id) => tx`select rowhook.change_receiver(${id})`],
  'lets its circuit probe': [hold, (tx, id) => tx`select rowhook.probe_soon(${id})`],
}

const cases = Object.entries(writes).flatMap(([what, write]) =>
  Object.entries(edits).map(([who, edit]) => ({ what, write, who, edit })),
)

test.for(cases)('$what and who $who meanwhile both get through', async ({ write, edit: [begin, end] }) => {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key)`
  const sink = await makeSink(sql)
  const run = await claim(sql, sink)
  await run.note({ circuit })
  await sql`insert into orders values (1)`
  await sql`insert into rowhook.command (sink_id, kind, event_id) select ${sink.id}, 'discard', max(id) from rowhook.event`
  let isOver = false
  const { writing } = await sql.begin(async (tx) => {
    await begin(tx as unknown as Sql, sink.id)
    const writing = Promise.resolve(write(run, sink, sql)).finally(() => (isOver = true))
    writing.catch(() => {})
    await eventually(async () => {
      const waiting = await sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
      expect(isOver || waiting.length === 1).toBe(true)
    })
    await end(tx as unknown as Sql, sink.id)
    return { writing }
  })
  await writing
})
