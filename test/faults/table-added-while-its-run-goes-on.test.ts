import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'

test('what changes in a table that was just added to a sink is sent, although the run goes on without it for a moment', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  await sql`create table old (id int primary key)`
  await sql`create table new (id int primary key)`
  const sink = await stage.sink({ table: 'old' })
  await sql`insert into old values (1)`
  await sink.receiver.waitFor(1)
  // a dispatcher that beats late hears of edits late; its ticks go on
  const lock = await sql.reserve()
  await lock`begin`
  await lock`select from rowhook.dispatcher for update`
  await sink.change({ tables: [{ name: 'old' }, { name: 'new' }] })
  await sql`insert into new values (1)`
  await sql`insert into old values (2)`
  // so long as the run that does not know the table is not ended
  await sink.receiver.waitFor(2, { timeoutMs: 1000 }).catch(() => {})
  await lock`commit`
  lock.release()
  await eventually(
    () => {
      const names = sink.receiver.messages.map(
        ({ metadata, record }) => `${String(metadata['table_name'])} ${String(record?.['id'])}`,
      )
      expect(names.toSorted()).toEqual(['new 1', 'old 1', 'old 2'])
    },
    { timeoutMs: 15_000 },
  )
})
