import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'

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

test.each(['goes on', 'is killed'])(
  'once a truncate is through, what had waited for it is held up by its own group alone; the dispatcher %s',
  async (what) => {
    const stage = await setStage()
    const { sql } = stage.database
    await sql`create table stock (id int primary key)`
    await sql`create table other (id int primary key)`
    let failing = 1
    const sink = await stage.sink({
      table: 'stock',
      respond: ({ messages: [message] }) => ({
        status:
          message!.metadata['table_name'] === 'stock' && message!.record?.['id'] === failing ? 500 : 200,
      }),
    })
    await sink.change({
      tables: [{ name: 'stock', actions: ['insert', 'truncate'] }, { name: 'other' }],
    })
    await sql`insert into stock values (1)`
    await eventually(async () => expect(await sink.show()).toMatchObject({ failing: 1 }))
    await sql`truncate stock`
    await sql`insert into stock select i from generate_series(2, 40) i`
    await sql`insert into other values (1)` // what waits is written down once something gets through
    await eventually(async () => {
      const [held] = await sql`select count(*)::int from rowhook.held`
      expect(held).toEqual({ count: 40 })
    })
    if (what === 'is killed') {
      const next = await stage.another()
      await stage.rowhook.kill('SIGKILL')
      stage.use(next)
    }
    failing = 2
    await sink.receiver.waitFor(41) // all but the one that fails
    await eventually(async () => expect(await sink.show()).toMatchObject({ failing: 1, blocked_groups: 1 }))
    const actions = sink.receiver.messages.filter(({ metadata }) => metadata['table_name'] === 'stock')
    expect(actions.slice(0, 2).map(({ action }) => action)).toEqual(['insert', 'truncate'])
  },
)
