import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'

test('a truncate comes after every earlier change of its table, and before every later one', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  await sql`create table stock (id int primary key, place text)`
  const sink = await stage.sink({
    table: 'stock',
    entry: { actions: ['insert', 'truncate'], group_by: ['place'] },
    // the first rows take long, so that only waiting brings the truncate behind them
    respond: ({ messages }) => ({ delayMs: messages[0]!.record?.['id'] === 1 ? 500 : 0 }),
  })
  await sql`insert into stock select i, 'p' || i from generate_series(1, 20) i`
  await sql`truncate stock`
  await sql`insert into stock select i, 'q' || i from generate_series(21, 40) i`
  const actions = (await sink.receiver.waitFor(41)).map(({ action, record }) =>
    action === 'truncate' ? action : Number(record!['id']) <= 20,
  )
  expect(actions).toEqual([...Array(20).fill(true), 'truncate', ...Array(20).fill(false)])
  // nothing waits for it any more
  await sql`insert into stock values (41, 'p1')`
  await sink.receiver.waitFor(42)
})
