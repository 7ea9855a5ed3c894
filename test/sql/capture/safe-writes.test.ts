import type postgres from 'postgres'
import { beforeEach, describe, expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import { createDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { capture, delivered, events, lines } from './capturing.ts'

let database: TestDatabase
let sql: postgres.Sql

beforeEach(async () => {
  database = await createDatabase()
  sql = database.sql
})

async function session<T>(
  work: (own: postgres.Sql) => Promise<T>,
  settings: Record<string, string> = {},
): Promise<T> {
  const own = connect(database.url, { max: 1, connection: settings })
  try {
    return await work(own)
  } finally {
    await own.end()
  }
}

describe('filters that raise', () => {
  test('raise in no statement: the change is kept for that sink, and decided for the others', async () => {
    await sql`create table t (id int primary key, n int)`
    const strict = await capture(sql, { name: 't', filter: '10 / n > 1' }, 'strict')
    const plain = await capture(sql, { name: 't', filter: 'n < 10' }, 'plain')
    await sql`insert into t values (1, 5), (2, 0), (3, 50)`
    await sql`update t set n = n + 1`
    await sql`insert into t values (4, 1)`
    const stored = await events(sql)
    expect(stored.map((e) => [e.pks[0], e.sinks, e.undecided])).toEqual(
      [
        ['1', [plain], [strict]],
        ['2', [plain], [strict]],
        ['3', [], [strict]],
        ['1', [plain], null],
        ['2', [strict, plain], null],
        ['4', [strict, plain], null],
      ].map(([id, sinks, undecided]) => [id, (sinks as number[]).toSorted((a, b) => a - b), undecided]),
    )
    const { messages, errors } = await delivered(sql, strict)
    expect(messages.map((m) => [m.action, m.pks[0]])).toEqual([
      ['i', '1'],
      ['u', '2'],
      ['i', '4'],
    ])
    expect([...errors.entries()]).toEqual([[stored[1]!.id, 'division by zero']])
  })

  test('lean on a label of an enum that is renamed: sessions of before and after write on', async () => {
    await sql`create type mood as enum ('ok', 'bad')`
    await sql`create table t (id int primary key, mood mood)`
    const sink = await capture(sql, { name: 't', filter: "mood = 'bad'" })
    await session(async (before) => {
      await before`insert into t values (1, 'bad')`
      await sql`alter type mood rename value 'bad' to 'sad'`
      await sql`create table rowhook.event_later partition of rowhook.event for values from ('2099-01-01') to ('2099-01-02')`
      await before`insert into t values (2, 'sad')`
    })
    await session((after) => after`insert into t values (3, 'sad'), (4, 'ok')`)
    const { messages, stale } = await delivered(sql, sink)
    expect(messages.map((m) => m.pks[0])).toEqual(['1'])
    expect(stale).toHaveLength(3)
    const [entry] = await sql`select stale_reason from rowhook.sink_table`
    expect(entry!['stale_reason']).toBe(
      'the filter on public.t no longer fits the table (invalid input value for enum public.mood: "bad"); edit it and save the sink',
    )
    await capture(sql, { name: 't', filter: "mood = 'sad'" })
    expect((await delivered(sql, sink)).messages.map((m) => m.pks[0])).toEqual(['1', '2', '3'])
  })
})

describe('a table that is altered', () => {
  test('goes on under its new names, without a refresh, in sessions that had plans of before', async () => {
    await sql`create table t (id int primary key, a int, b text, secret text)`
    const sink = await capture(sql, {
      name: 't',
      filter: 'a > 1',
      group_by: ['b'],
      exclude_columns: ['secret'],
    })
    await session(async (own) => {
      await own`insert into t values (1, 2, 'x', 's')`
      await sql`alter table t rename a to c`
      await sql`alter table t rename b to a`
      await sql`alter table t rename c to b`
      await sql`alter table t rename secret to hidden`
      await own`insert into t values (2, 2, 'x', 's'), (3, 1, 'x', 's')`
      await own`update t set hidden = 'z' where id = 2`
    })
    expect((await events(sql)).map((e) => e.record)).toContain('{"id":2,"b":2,"a":"x"}')
    const { messages } = await delivered(sql, sink)
    expect(messages.map((m) => [m.pks[0], m.group, m.record])).toEqual([
      ['1', 'x', { id: 1, a: 2, b: 'x' }],
      ['2', 'x', { id: 2, b: 2, a: 'x' }],
    ])
    await sql`select rowhook.refresh('t')`
    await sql`insert into t values (4, 3, 'y', 's'), (5, 0, 'y', 's')`
    expect((await events(sql)).at(-1)).toMatchObject({ pks: ['4'], undecided: null, groups: ['y'] })
  })

  test('by another session, while a repeatable read transaction still sees the old columns', async () => {
    await sql`create table t (id int primary key, a int, b int)`
    const sink = await capture(sql, { name: 't', filter: 'a > 1' })
    await session(async (own) => {
      await own`insert into t values (1, 2, 0)`
      await own`begin isolation level repeatable read`
      await own`select 1`
      await sql`alter table t rename a to c`
      await sql`alter table t alter c type text`
      await sql`alter table t rename b to a`
      await own`insert into t values (2, '2', 0)`
      await own`commit`
    })
    const last = (await events(sql)).at(-1)!
    expect(last).toMatchObject({
      record: '{"id":2,"c":"2","a":0}',
      shape: { id: 1, c: 2, a: 3 },
      undecided: [sink],
    })
    const { stale } = await delivered(sql, sink)
    expect(stale).toEqual([last.id])
  })

  test('so that a filter no longer plans: its changes wait until the sink is edited', async () => {
    await sql`create table t (id int primary key, n int, kind text)`
    const sink = await capture(sql, { name: 't', filter: 'n > 5', group_by: ['kind'] })
    await sql`alter table t drop n`
    await sql`insert into t values (1, 'a')`
    await sql`select rowhook.refresh('t')`
    await sql`insert into t values (2, 'b')`
    expect((await delivered(sql, sink)).stale).toHaveLength(2)
    const [entry] = await sql`select stale_reason from rowhook.sink_table`
    expect(entry!['stale_reason']).toBe(
      'column n of public.t, which filter names, was dropped; edit filter and save the sink',
    )
    // a new column of the old name is another column
    await sql`alter table t add n int default 9`
    await sql`select rowhook.refresh('t')`
    expect((await delivered(sql, sink)).messages).toEqual([])
    await capture(sql, { name: 't', filter: "kind <> 'a'", group_by: ['kind'] })
    expect((await delivered(sql, sink)).messages.map((m) => [m.group, m.record])).toEqual([
      ['b', { id: 2, kind: 'b' }],
    ])
  })

  test('by a key that changes: from the next statement on, the new key is what identifies rows', async () => {
    await sql`create table t (a int primary key, b int not null unique)`
    await capture(sql, { name: 't' })
    await session(async (own) => {
      await own`insert into t values (1, 10)`
      await sql`alter table t drop constraint t_pkey`
      await own`insert into t values (2, 20)`
      await sql`alter table t add primary key (b)`
      await own`insert into t values (3, 30)`
    })
    expect((await events(sql)).map((e) => e.pks)).toEqual([['1'], [], ['30']])
  })

  test('dropped and made anew: captured again once the sink is saved', async () => {
    await sql`create table t (id int primary key, n int)`
    const sink = await capture(sql, { name: 't', filter: 'n > 1' })
    const other = await capture(sql, { name: 't', filter: 'n > 1' }, 'other')
    await sql`insert into t values (1, 2)`
    await sql`drop table t`
    await sql`select rowhook.refresh_changed()`
    const [entry] = await sql`select stale_reason from rowhook.sink_table where sink_id = ${sink}`
    expect(entry!['stale_reason']).toMatch(/^table public.t was dropped/)
    await sql`create table t (n int, id int primary key)`
    await sql`insert into t values (2, 2)`
    await capture(sql, { name: 't', filter: 'n > 1' })
    await sql`insert into t values (3, 3), (0, 4)`
    expect((await delivered(sql, sink)).messages.map((m) => m.pks[0])).toEqual(['1', '3'])
    expect((await delivered(sql, other)).stale).toHaveLength(2)
    await capture(sql, { name: 't', filter: 'n > 1' }, 'other')
    expect((await delivered(sql, other)).messages.map((m) => m.pks[0])).toEqual(['1', '3'])
  })
})

describe('transactions of every kind', () => {
  beforeEach(async () => {
    await sql`create table t (id int primary key, n int)`
    await capture(sql, { name: 't', filter: '1 / n >= 0' })
  })

  test('a read-only one that writes nothing of ours is not made to fail', async () => {
    await session(async (own) => {
      await own`begin read only`
      await own`select rowhook.annotate('{"a": 1}')`
      expect(await own`select * from t`).toHaveLength(0)
      await own`commit`
    })
  })

  test.each(['read committed', 'repeatable read', 'serializable'])('%s', async (level) => {
    await session(async (own) => {
      await own.unsafe(`begin isolation level ${level}`)
      await own`insert into t values (1, 1), (2, 0)`
      await own`update t set n = 3`
      await own`commit`
    })
    expect((await events(sql)).map((e) => e.action)).toEqual(['i', 'i', 'u', 'u'])
  })

  test('two serializable ones that do not touch each other both commit', async () => {
    await session(async (one) => {
      await session(async (two) => {
        await one`begin isolation level serializable`
        await two`begin isolation level serializable`
        await one`insert into t values (1, 1)`
        await two`insert into t values (2, 1)`
        await one`commit`
        await two`commit`
      })
    })
    expect(await events(sql)).toHaveLength(2)
  })

  test('a compiled capture burns no subtransaction ids, even where a filter is guarded', async () => {
    await session(async (own) => {
      await own`begin`
      for (let i = 1; i <= 70; i += 1) await own`insert into t values (${i}, 1)`
      await own`commit`
    })
    // What is written within a block carries the id of its subtransaction. (How many ids were given out
    // meanwhile says nothing: other databases of the cluster take some, too.)
    const ids = await sql`
      select xmin::text, count(*)::int from (
        select xmin from t union all select xmin from rowhook.event) w group by xmin::text`
    expect(ids).toMatchObject([{ count: 140 }])
  })

  test('a prepared transaction, where the server allows any, is not made to fail by a notification', async () => {
    const [{ most }] = await sql<
      [{ most: string }]
    >`select current_setting('max_prepared_transactions') as most`
    await sql`select setval('rowhook.sleep_seq', 2)`
    await session(async (own) => {
      await own`begin`
      await own`insert into t values (1, 1)`
      if (most === '0') await own`commit`
      else {
        await own`prepare transaction 'x'`
        await own`commit prepared 'x'`
      }
    })
    expect(await events(sql)).toHaveLength(1)
  })
})

describe('waking a dispatcher', () => {
  test('the first writer that meets all of them asleep notifies, the next ones do not', async () => {
    await sql`create table t (id int primary key)`
    await capture(sql, { name: 't' })
    let woken = 0
    const listening = await sql.listen('rowhook_wake', () => void (woken += 1))
    await sql`insert into t values (1)`
    await sql`select setval('rowhook.sleep_seq', 2)`
    await sql`insert into t values (2)`
    await sql`insert into t values (3)`
    await eventually(() => expect(woken).toBe(1))
    expect(await sql`select last_value::int from rowhook.sleep_seq`).toEqual([{ last_value: 1 }])
    await listening.unlisten()
    expect(woken).toBe(1)
  })
})

describe('history', () => {
  test('is kept whether a sink wants it or not, all of it or what matches, through filters that raise and that rot', async () => {
    await sql`create table t (id int primary key, n int)`
    const sink = await capture(sql, { name: 't', filter: 'n > 100' })
    await sql`update rowhook.source set retention = '1 day'`
    await sql`select rowhook.refresh('t')`
    await sql`insert into t values (1, 1)`
    await sql`update t set n = 1`
    expect((await events(sql)).map((e) => [e.action, e.sinks, e.changes])).toEqual([
      ['i', [], null],
      ['u', [], '{}'],
    ])
    const parts = [{ side: 'row', att: 2 }, ' % 2 = 0 and 1 / ', { side: 'row', att: 2 }, ' >= 0']
    await sql`update rowhook.source set retention_parts = ${sql.json(parts)}, retention_can_raise = true`
    await sql`select rowhook.refresh('t')`
    await sql`insert into t values (2, 2), (3, 3), (4, 101)`
    await sql`insert into t values (5, 0), (6, 1)`
    expect((await events(sql)).slice(2).map((e) => [e.pks[0], e.sinks, e.undecided])).toEqual([
      ['2', [], null],
      ['4', [sink], null],
      ['5', [], null],
      ['6', [], null],
    ])
    await sql`alter table t rename n to m`
    await sql`alter table t alter m type text`
    await sql`select rowhook.refresh('t')`
    await sql`insert into t values (7, 'x')`
    expect(lines(await events(sql)).at(-1)).toBe('i 7 {"id":7,"m":"x"}')
  })
})

describe('what of ours may be missing', () => {
  test('the partition of today: the default one takes the events', async () => {
    await sql`create table t (id int primary key)`
    await capture(sql, { name: 't' })
    const partitions = await sql<{ name: string }[]>`
      select inhrelid::regclass::text as name from pg_inherits
      where inhparent = 'rowhook.event'::regclass and inhrelid <> 'rowhook.event_default'::regclass`
    for (const { name } of partitions) await sql.unsafe(`drop table ${name}`)
    await sql`insert into t values (1)`
    expect(await sql`select pks from rowhook.event_default`).toHaveLength(1)
  })

  test('a table that no sink wants any more is released, and is captured again by the next sink', async () => {
    await sql`create table t (id int primary key)`
    await capture(sql, { name: 't' })
    await sql`delete from rowhook.sink`
    await sql`select rowhook.refresh_changed()`
    await sql`insert into t values (1)`
    const [row] = await sql`select rowhook.release_source(1) as released`
    expect(row).toEqual({ released: true })
    expect(await sql`select from pg_trigger where tgrelid = 't'::regclass`).toHaveLength(0)
    await capture(sql, { name: 't' })
    await sql`insert into t values (2)`
    expect((await events(sql)).map((e) => e.pks[0])).toEqual(['2'])
  })
})
