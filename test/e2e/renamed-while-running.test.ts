import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'

test('a column that is excluded stays so while it is renamed and dropped under a run', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  await sql`create table account (id int primary key, n int, secret text)`
  const sink = await stage.sink({ table: 'account', entry: { exclude_columns: ['secret'] } })
  // another sink wants the column, so it is stored
  const other = await stage.sink({ table: 'account' })
  const add = (id: number) => sql`insert into account values (${id}, 0, 'hush')`
  await add(1)
  await sink.receiver.waitFor(1)
  await sql`alter table account rename secret to password`
  await add(2) // captured before anybody has noticed
  await sql`select rowhook.refresh('account')`
  await add(3)
  await sql`alter table account rename n to secret`
  await add(4)
  await sql`select rowhook.refresh('account')`
  await add(5)
  expect((await sink.receiver.waitFor(5)).map(({ record }) => record)).toEqual([
    { id: 1, n: 0 },
    { id: 2, n: 0 },
    { id: 3, n: 0 },
    { id: 4, secret: 0 },
    { id: 5, secret: 0 },
  ])
  expect(await other.receiver.waitFor(5)).toHaveLength(5)
  const shown = await sink.call('GET', '/messages')
  expect(JSON.stringify(shown)).not.toContain('hush')

  // what was captured before the column went still has it
  sink.receiver.respond({ status: 500 })
  await add(6)
  await sink.receiver.waitForRequests(6)
  await add(7)
  await sql`alter table account drop password`
  await sql`select rowhook.refresh('account')`
  sink.receiver.respond({})
  const all = await sink.receiver.waitFor(7)
  expect(all.slice(5).map(({ record }) => Object.keys(record!))).toEqual([
    ['id', 'secret'],
    ['id', 'secret'],
  ])
  expect(sink.receiver.requests.filter(({ body }) => body.includes('hush'))).toEqual([])
  expect(other.receiver.requests.filter(({ body }) => body.includes('hush')).length).toBeGreaterThan(0)
})

test('the first change after a table was renamed or moved carries its new name', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  await sql`create schema archive`
  await sql`create table account (id int primary key)`
  const sink = await stage.sink({ table: 'account' })
  await sql`insert into account values (1)`
  await sql`alter table account rename to client`
  await sql`insert into client values (2)`
  await sink.receiver.waitFor(2)
  await sql`alter table client set schema archive`
  await sql`update archive.client set id = id + 10 where id = 2`
  await sink.receiver.waitFor(3)
  await sql`alter table archive.client rename to "The ""Client"`
  await sql`delete from archive."The ""Client"`
  const names = (await sink.receiver.waitFor(5)).map(({ action, metadata }) =>
    [action, ' ', metadata['table_schema'], '.', metadata['table_name']].join(''),
  )
  expect(names.slice(1)).toEqual([
    'insert public.client',
    'update archive.client',
    'delete archive.The "Client',
    'delete archive.The "Client',
  ])
})

test('messages carry the new names of a table that is renamed and moved under a run', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  await sql`create schema archive`
  await sql`create table account (id int primary key)`
  const sink = await stage.sink({ table: 'account' })
  await sql`insert into account values (1)`
  await sink.receiver.waitFor(1)
  await sql`alter table account rename to client`
  await sql`alter table client set schema archive`
  await sql`select rowhook.refresh('archive.client')`
  let id = 1
  // each keeps the run from ending, and from being begun anew for that
  const named = await eventually(async () => {
    id += 1
    await sql`insert into archive.client values (${id})`
    const { metadata } = (await sink.receiver.waitFor(id))[id - 1]!
    if (metadata['table_name'] === 'account') throw new Error('still the old name')
    return metadata
  })
  expect(named).toMatchObject({ table_schema: 'archive', table_name: 'client' })
})
