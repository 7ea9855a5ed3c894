import type postgres from 'postgres'
import { beforeEach, describe, expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { capture, delivered, events, lines } from './capturing.ts'

let sql: postgres.Sql

beforeEach(async () => {
  sql = (await createDatabase()).sql
})

async function measurements(): Promise<number> {
  await sql`create table m (region text, id int, n int, primary key (region, id)) partition by list (region)`
  await sql`create table m_eu partition of m for values in ('eu')`
  // Other column numbers than the root's, and another order.
  await sql`create table m_us (gone int, n int, id int not null, region text not null)`
  await sql`alter table m_us drop gone`
  await sql`alter table m attach partition m_us for values in ('us')`
  return capture(sql, { name: 'm', filter: 'n > 0', group_by: ['region'] })
}

describe('a partitioned table', () => {
  test('is captured whichever member a statement names, once, in the shape of the root', async () => {
    await measurements()
    await sql`insert into m values ('eu', 1, 1), ('us', 2, 2), ('us', 3, 0)`
    await sql`insert into m_us (region, id, n) values ('us', 4, 4)`
    await sql`update m_us set n = 5 where id = 4`
    await sql`update m set n = n + 1 where id = 1`
    await sql`delete from m_eu`
    const stored = await events(sql)
    expect(lines(stored)).toEqual([
      'i eu:1 {"region":"eu","id":1,"n":1}',
      'i us:2 {"region":"us","id":2,"n":2}',
      'i us:4 {"region":"us","id":4,"n":4}',
      'u us:4 {"region":"us","id":4,"n":5} {"n":4}',
      'u eu:1 {"region":"eu","id":1,"n":2} {"n":1}',
      'd eu:1 {"region":"eu","id":1,"n":2}',
    ])
    expect(stored.every((e) => e.table_name === 'm')).toBe(true)
  })

  test('an update that moves a row to another partition is one update', async () => {
    await measurements()
    await sql`insert into m values ('eu', 1, 1), ('eu', 2, 2)`
    await sql`update m set region = 'us'`
    expect(await events(sql)).toMatchObject([
      { action: 'i' },
      { action: 'i' },
      {
        action: 'u',
        pks: ['us', '1'],
        old_pks: ['eu', '1'],
        groups: ['us'],
        old_groups: ['eu'],
        changes: '{"region":"eu"}',
      },
      { action: 'u', pks: ['us', '2'], old_pks: ['eu', '2'] },
    ])
  })

  test('a partition that came later is captured through its root at once, and by its own name after a refresh', async () => {
    await measurements()
    await sql`create table m_asia partition of m for values in ('asia') partition by range (id)`
    await sql`create table m_asia_1 partition of m_asia for values from (1) to (100)`
    await sql`insert into m values ('asia', 1, 1)`
    await sql`select rowhook.refresh('m')`
    await sql`insert into m_asia values ('asia', 2, 2)`
    await sql`insert into m_asia_1 values ('asia', 3, 3)`
    expect(lines(await events(sql)).map((line) => line.slice(0, 8))).toEqual([
      'i asia:1',
      'i asia:2',
      'i asia:3',
    ])
  })

  test('a partition that was detached is captured no more, and again once it is back', async () => {
    await measurements()
    await sql`alter table m detach partition m_eu`
    await sql`insert into m_eu values ('eu', 1, 1)`
    expect(await events(sql)).toEqual([])
    await sql`alter table m attach partition m_eu for values in ('eu')`
    await sql`insert into m_eu values ('eu', 2, 1)`
    expect(lines(await events(sql))).toEqual(['i eu:2 {"region":"eu","id":2,"n":1}'])
  })

  test('partitions that swap their places keep being captured', async () => {
    const sink = await measurements()
    await sql`create table m_new (like m including all)`
    await sql`insert into m values ('eu', 1, 1)`
    await sql.begin(async (tx) => {
      await tx`alter table m detach partition m_eu`
      await tx`alter table m_eu rename to m_old`
      await tx`alter table m_new rename to m_eu`
      await tx`alter table m attach partition m_eu for values in ('eu')`
    })
    await sql`insert into m values ('eu', 2, 1)`
    await sql`select rowhook.refresh_changed()`
    await sql`insert into m_eu values ('eu', 3, 1)`
    await sql`insert into m_old values ('eu', 4, 1)`
    const { messages } = await delivered(sql, sink)
    expect(messages.map((m) => m.pks[1])).toEqual(['1', '2', '3'])
  })

  test('a statement on a partition follows renames at the root', async () => {
    const sink = await measurements()
    await sql`alter table m rename n to amount`
    await sql`insert into m_us (region, id, amount) values ('us', 1, 1), ('us', 2, 0)`
    const { messages } = await delivered(sql, sink)
    expect(messages.map((m) => m.record)).toEqual([{ region: 'us', id: 1, amount: 1 }])
  })

  test('truncating it is one message', async () => {
    await sql`create table m (id int primary key) partition by hash (id)`
    await sql`create table m_0 partition of m for values with (modulus 2, remainder 0)`
    await sql`create table m_1 partition of m for values with (modulus 2, remainder 1)`
    await capture(sql, { name: 'm', actions: ['truncate'] })
    await sql`truncate m`
    expect((await events(sql)).map((e) => e.action)).toEqual(['t'])
  })
})

describe('a captured table that is put below another one', () => {
  test.each([
    [
      'create table p (id int not null, n int); alter table c inherit p',
      'table public.c has become a child of public.p, and its triggers do not see statements on that table; name that table in the sink, or end the inheritance',
      'alter table c no inherit p',
    ],
    [
      'create table p (id int not null, n int) partition by range (id); alter table p attach partition c default',
      'table public.c has become a partition of public.p; name that table in the sink instead',
      'alter table p detach partition c',
    ],
  ])('%s: waits, and says why, until it is taken out again', async (put, reason, take) => {
    await sql`create table c (id int not null primary key, n int)`
    const sink = await capture(sql, { name: 'c' })
    await sql.unsafe(put)
    await sql`select rowhook.refresh_changed()`
    expect((await sql`select stale_reason from rowhook.sink_table`)[0]!['stale_reason']).toBe(reason)
    await sql`insert into c values (1, 1)`
    expect(await delivered(sql, sink)).toMatchObject({ messages: [], stale: [expect.any(Number)] })
    await sql.unsafe(take)
    await sql`select rowhook.refresh_changed()`
    await sql`insert into c values (2, 2)`
    expect((await delivered(sql, sink)).messages.map((m) => m.pks[0])).toEqual(['1', '2'])
  })
})

describe('an inheritance tree', () => {
  test('is captured whichever member a statement names, with the columns of the table that the sink names', async () => {
    await sql`create table p (id int primary key, n int)`
    await sql`create table c (extra text) inherits (p)`
    await sql`create table g (more text) inherits (c)`
    await capture(sql, { name: 'p' })
    await sql`insert into p values (1, 1)`
    await sql`insert into c values (2, 2, 'x')`
    await sql`insert into g values (3, 3, 'x', 'y')`
    await sql`update p set n = n + 10`
    await sql`update c set extra = 'z' where id = 2`
    await sql`delete from g`
    expect(lines(await events(sql))).toEqual([
      'i 1 {"id":1,"n":1}',
      'i 2 {"id":2,"n":2}',
      'i 3 {"id":3,"n":3}',
      'u 1 {"id":1,"n":11} {"n":1}',
      'u 2 {"id":2,"n":12} {"n":2}',
      'u 3 {"id":3,"n":13} {"n":3}',
      'd 3 {"id":3,"n":13}',
    ])
  })
})
