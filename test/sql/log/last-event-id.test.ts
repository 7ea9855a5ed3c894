import { expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import { createDatabase } from '../../support/database.ts'

// Every 33rd number is logged, and while that is done the sequence's row says 32 more than were handed out, for
// whoever looks at it without its lock. A tick with such a `low` hides the events below it from the next window.
test('the highest id handed out is never one that is still to come', async () => {
  const db = await createDatabase()
  const pool = connect(db.url, { max: 2 })
  let done = false
  const writing = [1, 2].map(async () => {
    while (!done)
      await pool.unsafe(
        `do $$ begin for i in 1 .. 3000 loop perform nextval('rowhook.event_id_seq'); end loop; end $$`,
      )
  })
  const ahead: number[] = []
  for (const until = performance.now() + 4000; performance.now() < until;) {
    const [row] = await db.sql.unsafe(`
      select coalesce(array_agg(l.id - l.after) filter (where l.id > l.after), '{}')::int[] as ahead
      from (
        select rowhook.last_event_id() as id, pg_sequence_last_value('rowhook.event_id_seq') as after
        from generate_series(1, 2000)) l`)
    ahead.push(...row!['ahead'])
  }
  done = true
  await Promise.all(writing)
  await pool.end()
  expect(ahead).toEqual([])
})
