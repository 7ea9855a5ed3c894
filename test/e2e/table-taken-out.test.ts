import { expect, test } from 'vitest'
import { ask, setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'

test('what fails of a table that is taken out of its sink is discarded, and everything else goes on', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  await sql`create table kept (id int primary key)`
  await sql`create table taken (id int primary key, n int)`
  const sink = await stage.sink({ table: 'kept', respond: { status: 500 }, batch_size: 10 })
  const both = [{ name: 'kept' }, { name: 'taken', exclude_columns: ['n'] }]
  await sink.change({ tables: both })
  await sql.begin(async (tx) => {
    await tx`insert into taken values (1, 1)`
    await tx`insert into kept values (1)`
  })
  await sink.receiver.waitForRequests(1)
  await sql`update taken set n = 2, id = 2`
  await sink.change({ tables: [{ name: 'kept' }] })
  sink.receiver.respond({})
  await sql`insert into kept values (2)`
  const messages = await sink.receiver.waitFor(2)
  expect(messages.map(({ metadata }) => metadata['table_name'])).toEqual(['kept', 'kept'])
  await eventually(async () => {
    const { data } = await ask(stage.rowhook, 'GET', `/api/sinks/${sink.name}/messages?state=discarded`)
    expect(data.length).toBeGreaterThan(0)
    for (const one of data)
      expect(one).toMatchObject({ last_error: expect.stringContaining('taken out of the sink') })
    expect(await sink.show()).toMatchObject({ pending: 0, failing: 0, blocked_groups: 0 })
  })
})
