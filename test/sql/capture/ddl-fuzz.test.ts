// G4 under anything that a user does to their tables: a table is altered at random while writers write
// to it. No statement of theirs may fail inside of rowhook or wait for it; and after every step, what a
// sink would be sent is right, or the sink is stale, says why, and has lost nothing.
import fc from 'fast-check'
import type postgres from 'postgres'
import { expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import { createDatabase } from '../../support/database.ts'
import { capture, delivered } from './capturing.ts'
import type { Delivered } from './capturing.ts'

const full = process.env['FULL'] !== undefined

/** The table as the user knows it; roles stay the same through renames. */
interface Model {
  schema: string
  table: string
  names: Record<Role, string>
  /** The filter's column is gone, or of a type that the filter does not fit. */
  stale: boolean
  extra: number
  nextId: number
  /** What the sink must be sent in all. */
  expected: Message[]
  /** Judged once the sink is edited, and then sent if the filter wants it. */
  waiting: (Message & Stage & { wanted: boolean })[]
  /** How often each column was dropped and made anew. */
  made: Record<Role, number>
  /**
   * Rows that waited while a column of the filter was called otherwise, and was dropped meanwhile: that its
   * successor means the same is not to be known, so they are discarded, with an error.
   */
  doubtful: Set<number>
  /** What the table was like while the sink was stale: whoever else wrote then may have left doubtful rows, too. */
  stages: Stage[]
  othersDoubtful: boolean
}

type Stage = Pick<Model, 'names' | 'made'>

type Role = 'id' | 'filter' | 'group' | 'excluded' | 'other' | 'mood'

interface Message {
  action: string
  id: number
  group: string
}

const q = (name: string) => `"${name.replaceAll('"', '""')}"`
const at = (m: Model) => `${q(m.schema)}.${q(m.table)}`
const col = (m: Model, role: Role) => q(m.names[role])

async function create(sql: postgres.Sql, m: Model): Promise<void> {
  await sql.unsafe(`
    create schema if not exists kinds; create schema if not exists ${q(m.schema)};
    do $$ begin create type kinds.mood as enum ('ok', 'bad'); exception when duplicate_object then null; end $$;
    create table ${at(m)} (${col(m, 'id')} int primary key, ${col(m, 'filter')} int, ${col(m, 'group')} text,
      ${col(m, 'excluded')} text, ${col(m, 'other')} timestamptz default now(), ${col(m, 'mood')} kinds.mood default 'ok')`)
}

async function save(sql: postgres.Sql, m: Model): Promise<number> {
  const isDoubtful = ({ names: then, made }: Stage) =>
    roles.some((role) => made[role] !== m.made[role] && then[role] !== m.names[role])
  for (const { names: then, made, wanted, ...message } of m.waiting.splice(0)) {
    if (isDoubtful({ names: then, made })) m.doubtful.add(message.id)
    else if (wanted) m.expected.push(message)
  }
  m.othersDoubtful = m.stages.splice(0).some(isDoubtful)
  m.stale = false
  return capture(sql, {
    name: at(m),
    filter: `${col(m, 'filter')} > 5 and ${col(m, 'mood')} = 'ok'`,
    group_by: [m.names.group],
    exclude_columns: [m.names.excluded],
  })
}

/** Columns are dropped and made anew, under the same names: the sink is stale. */
function remake(m: Model, dropped: readonly Role[]): void {
  m.stale = true
  m.made = { ...m.made }
  for (const role of dropped) m.made[role] += 1
}

/** What a user may do: SQL, and what it does to the model. */
type Step = (m: Model, random: number) => { sql: string; model?: (m: Model) => void; save?: boolean }

const names = ['alpha', 'Beta', 'n', 'o', 'r', 'x y', "it's", 'select', 'größe', 'raised']
const roles: Role[] = ['id', 'filter', 'group', 'excluded', 'other', 'mood']

const steps: Record<string, Step> = {
  'rename a column': (m, r) => {
    const role = roles[r % roles.length]!
    const free = names.filter((n) => !Object.values(m.names).includes(n))
    const name = free[r % free.length]!
    return {
      sql: `alter table ${at(m)} rename ${col(m, role)} to ${q(name)}`,
      model: (n) => void (n.names[role] = name),
    }
  },
  'swap two columns': (m, r) => {
    const a = roles[r % roles.length]!
    const b = roles[(r + 1 + (r % 4)) % roles.length]!
    const [x, y] = [m.names[a], m.names[b]]
    if (a === b) return { sql: 'select' }
    return {
      sql: `begin; alter table ${at(m)} rename ${q(x)} to tmp; alter table ${at(m)} rename ${q(y)} to ${q(x)};
        alter table ${at(m)} rename tmp to ${q(y)}; commit`,
      model: (n) => {
        n.names[a] = y
        n.names[b] = x
      },
    }
  },
  'add a column': (m) => ({
    sql: `alter table ${at(m)} add extra_${m.extra} ${['int default 7', 'text', 'timestamptz', 'interval', 'jsonb', 'float8', 'kinds.mood'][m.extra % 7]}`,
    model: (n) => void (n.extra += 1),
  }),
  'drop the columns that were added': (m) => ({
    sql: `do $$ declare c text; begin for c in select attname from pg_attribute
      where attrelid = ${"'" + at(m).replaceAll("'", "''") + "'"}::regclass and attname like 'extra%' loop
      execute format('alter table ${at(m).replaceAll("'", "''")} drop %I', c); end loop; end $$`,
  }),
  'drop the filter’s column and add one of its name': (m) => ({
    sql: `alter table ${at(m)} drop ${col(m, 'filter')}, add ${col(m, 'filter')} int`,
    model: (n) => remake(n, ['filter']),
  }),
  'make the filter’s column bigger': (m, r) => ({
    sql: `alter table ${at(m)} alter ${col(m, 'filter')} type ${['bigint', 'numeric', 'int'][r % 3]} using ${col(m, 'filter')}::text::numeric`,
  }),
  'make the filter’s column text, and back': (m) => ({
    sql: `begin; alter table ${at(m)} alter ${col(m, 'filter')} type text; alter table ${at(m)} alter ${col(m, 'filter')} type int using ${col(m, 'filter')}::int; commit`,
  }),
  'drop the type of a column': (m) => ({
    sql: `begin; drop type kinds.mood cascade; create type kinds.mood as enum ('ok', 'bad');
      alter table ${at(m)} add ${col(m, 'mood')} kinds.mood default 'ok'; commit`,
    model: (n) => remake(n, ['mood']),
  }),
  'add a label to the type': (_, r) => ({
    sql: `alter type kinds.mood add value if not exists 'label ${r % 3}'`,
  }),
  'rename the table': (m, r) => {
    const table = `t ${r % 5}`
    if (table === m.table) return { sql: 'select' }
    return { sql: `alter table ${at(m)} rename to ${q(table)}`, model: (n) => void (n.table = table) }
  },
  'move the table to another schema': (m, r) => {
    const schema = `s${r % 3}`
    if (schema === m.schema) return { sql: 'select' }
    return {
      sql: `create schema if not exists ${schema}; alter table ${at(m)} set schema ${schema}`,
      model: (n) => void (n.schema = schema),
    }
  },
  'rename the schema': (m) => {
    const schema = `renamed_${m.nextId}`
    return { sql: `alter schema ${q(m.schema)} rename to ${schema}`, model: (n) => void (n.schema = schema) }
  },
  'drop and add the key': (m) => ({
    sql: `do $$ declare c text; begin
        select conname into c from pg_constraint where conrelid = '${at(m).replaceAll("'", "''")}'::regclass and contype = 'p';
        execute format('alter table ${at(m).replaceAll("'", "''")} drop constraint %I', c); end $$;
      insert into ${at(m)} (${col(m, 'id')}) values (-1); delete from ${at(m)} where ${col(m, 'id')} = -1;
      alter table ${at(m)} add primary key (${col(m, 'id')})`,
  }),
  'add and drop a trigger that changes the table': (m) => ({
    sql: `create or replace function kinds.touch() returns trigger language plpgsql as $$ begin return null; end $$;
      create trigger touch after update on ${at(m)} for each row execute function kinds.touch();
      select rowhook.refresh_changed();
      drop trigger touch on ${at(m)}`,
  }),
  'analyze, vacuum, reloptions, row security': (m) => ({
    sql: `analyze ${at(m)}; alter table ${at(m)} set (fillfactor = 70), enable row level security; alter table ${at(m)} disable row level security`,
  }),
  'drop the table and make it anew': (m) => ({
    // Under the name that was last noticed, it is the same table to us.
    sql: `select rowhook.refresh_changed(); drop table ${at(m)}`,
    model: (n) => remake(n, roles),
    save: true,
  }),
  'drop the schema': (m) => ({
    sql: `select rowhook.refresh_changed(); drop schema ${q(m.schema)} cascade`,
    model: (n) => remake(n, roles),
    save: true,
  }),
  'make a partition for the events of today': (_, r) => ({
    sql: `create table if not exists rowhook.event_fuzz_${r % 50} partition of rowhook.event for values from ('20${50 + (r % 50)}-01-01') to ('20${50 + (r % 50)}-02-01')`,
  }),
  'edit the sink': () => ({ sql: 'select', save: true }),
  'a dispatcher looks': () => ({ sql: 'select rowhook.refresh_changed()' }),
}

/** Statements of every kind on the table; appends to the model what of them the sink is to be sent. */
async function write(sql: postgres.Sql, m: Model, values: number[]): Promise<void> {
  const list = [m.names.id, m.names.filter, m.names.group, m.names.excluded].map(q).join(', ')
  const rows = values.map((value) => ({ id: m.nextId++, value }))
  const wanted = (action: string, list_: { id: number; value: number }[], group: string) => {
    for (const { id, value } of list_) {
      const message = { action, id, group }
      if (m.stale) m.waiting.push({ ...message, ...stage, wanted: value > 5 })
      else if (value > 5) m.expected.push(message)
    }
  }
  const stage = { names: { ...m.names }, made: m.made }
  if (m.stale) m.stages.push(stage)
  const [first, ...rest] = rows
  await sql.unsafe(`insert into ${at(m)} (${list}) values (${first!.id}, ${first!.value}, 'a', 'x')`)
  wanted('i', [first!], 'a')
  if (rest.length > 0) {
    await sql.unsafe(
      `insert into ${at(m)} (${list}) values ${rest.map((r) => `(${r.id}, ${r.value}, 'a', 'x')`).join(', ')}`,
    )
    wanted('i', rest, 'a')
  }
  const range = `${col(m, 'id')} between ${first!.id} and ${rows.at(-1)!.id}`
  await sql.unsafe(`update ${at(m)} set ${col(m, 'excluded')} = 'other' where ${range}`)
  await sql.unsafe(`update ${at(m)} set ${col(m, 'group')} = 'b' where ${range}`)
  wanted('u', rows, 'b')
  await sql.unsafe(
    `update ${at(m)} set ${col(m, 'filter')} = ${col(m, 'filter')} + 1 where ${col(m, 'id')} = ${first!.id}`,
  )
  first!.value += 1
  wanted('u', [first!], 'b')
  await sql.unsafe(`delete from ${at(m)} where ${range}`)
  wanted('d', rows, 'b')
}

/** Writes to whatever table has the sink's triggers, without knowing its columns, until it is told to stop. */
async function disturb(url: string, stop: { now: boolean }, failures: string[]): Promise<number> {
  const sql = connect(url, { max: 1, connection: { lock_timeout: 5000, statement_timeout: 20_000 } })
  let count = 0
  const once = `do $$
    declare t regclass; c text;
    begin
      select tgrelid into t from pg_trigger where tgname = '00_rowhook_insert' limit 1;
      if t is null then return; end if;
      select attname into c from pg_attribute where attrelid = t and attnum = (
        select indkey[0] from pg_index where indrelid = t and indisprimary);
      execute format('insert into %s (%I) select 1000000 + i from generate_series(1, 3) i on conflict do nothing', t, c);
      execute format('update %s set %I = %I where %I > 1000000', t, c, c, c);
      execute format('delete from %s where %I > 1000000', t, c);
    end $$`
  while (!stop.now) {
    try {
      await sql.unsafe(once)
      count += 1
    } catch (error) {
      const { code, message, where = '' } = error as postgres.PostgresError
      // The statement may lose to the user's own DDL (a column that was just renamed); never to us.
      if (where.includes('rowhook') || ['55P03', '57014'].includes(code))
        failures.push(`${message}\n${where}`)
    }
  }
  await sql.end()
  return count
}

test(
  'whatever is done to a captured table, no write fails or waits, and messages are right or wait for an edit of the sink',
  { timeout: 900_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.constantFrom(...Object.keys(steps)),
            fc.nat(1000),
            fc.array(fc.integer({ min: 3, max: 8 }), { minLength: 1, maxLength: 4 }),
          ),
          { minLength: 8, maxLength: 14, size: 'max' },
        ),
        async (script) => {
          const { sql, url, drop } = await createDatabase()
          const m: Model = {
            schema: 's0',
            table: 't',
            stale: false,
            extra: 0,
            nextId: 1,
            expected: [],
            waiting: [],
            made: { id: 0, filter: 0, group: 0, excluded: 0, other: 0, mood: 0 },
            doubtful: new Set(),
            stages: [],
            othersDoubtful: false,
            names: { id: 'id', filter: 'f', group: 'g', excluded: 'e', other: 'at', mood: 'm' },
          }
          await create(sql, m)
          let sink = await save(sql, m)
          const stop = { now: false }
          const failures: string[] = []
          const others = [disturb(url, stop, failures), disturb(url, stop, failures)]
          // The user's own connection, with a plan of each statement kept: what was prepared before the DDL runs after it.
          const user = connect(url, { max: 1, connection: { lock_timeout: 10_000 } })
          const done: string[] = []
          const sent: Sent = { messages: [], last: 0, waiting: [] }
          try {
            await write(user, m, [7, 3])
            for (const [name, random, values] of script) {
              const step = steps[name]!(m, random)
              done.push(name)
              await patiently(() => user.unsafe(step.sql))
              step.model?.(m)
              if (step.save === true) {
                if (name.startsWith('drop')) await create(sql, m)
                sink = await save(sql, m)
              }
              await write(user, m, values)
              const { stale, errors } = await send(sql, sink, sent)
              expect(byRow(sent.messages, m), done.join(', ')).toEqual(byRow(m.expected, m))
              const isDoubtful = (row: number) => (isOthers(row) ? m.othersDoubtful : m.doubtful.has(row))
              expect(errors.filter(({ row }) => !isDoubtful(row))).toEqual([])
              m.othersDoubtful = false
              const [entry] = await sql<
                { stale_reason: string | null }[]
              >`select stale_reason from rowhook.sink_table`
              expect(entry!.stale_reason === null, `${entry!.stale_reason} after ${done.join(', ')}`).toBe(
                !m.stale,
              )
              if (m.stale) {
                expect(entry!.stale_reason).toMatch(/save the sink/)
                expect(stale.length).toBeGreaterThanOrEqual(m.waiting.length)
              }
            }
            sink = await save(sql, m)
            await write(user, m, [9])
            await send(sql, sink, sent)
            expect(byRow(sent.messages, m)).toEqual(byRow(m.expected, m))
          } finally {
            stop.now = true
            await Promise.all(others)
            await user.end()
            await drop()
          }
          expect(failures).toEqual([])
        },
      ),
      { numRuns: full ? 40 : 3, endOnFailure: true },
    )
  },
)

/** Of the writers beside the user, and of the DDL itself. */
const isOthers = (row: number): boolean => row < 0 || row >= 1_000_000

/** What has been sent so far, and what waits behind a stale table. */
interface Sent {
  messages: Delivered[]
  last: number
  waiting: number[]
}

/** Sends what is new, and what waited and may go now, as a dispatcher would. */
async function send(
  sql: postgres.Sql,
  sink: number,
  sent: Sent,
): Promise<{ stale: number[]; errors: { row: number; error: string }[] }> {
  const { messages, stale, errors } = await delivered(sql, sink)
  const open = (id: number) => id > sent.last || sent.waiting.includes(id)
  sent.messages.push(...messages.filter(({ id }) => open(id)))
  const raised = [...errors].filter(([id]) => open(id))
  const rows = await sql<{ id: number; row: number }[]>`
    select id::float8 as id, pks[1]::int as row from rowhook.event where id = any (${raised.map(([id]) => id)}::bigint[])`
  sent.waiting = stale.filter(open)
  const [row] = await sql<{ last: number }[]>`select coalesce(max(id), 0)::int as last from rowhook.event`
  sent.last = row!.last
  const rowOf = new Map(rows.map(({ id, row }) => [id, row]))
  return { stale: sent.waiting, errors: raised.map(([id, error]) => ({ row: rowOf.get(id)!, error })) }
}

/** Row by row, each row's in order: a statement visits rows in any order. Those of the other writers, and the doubtful ones, are left out. */
function byRow(list: readonly (Delivered | Message)[], { doubtful }: Model): string[] {
  return list
    .map((m) => ({ ...m, row: 'pks' in m ? Number(m.pks[0]) : m.id }))
    .filter(({ row }) => !isOthers(row) && !doubtful.has(row))
    .toSorted((a, b) => a.row - b.row)
    .map(({ action, row, group }) => `${action} ${row} ${group}`)
}

/** DDL of the user's waits for writers like anybody's; deadlocks between the two are theirs. */
async function patiently(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work()
      return
    } catch (error) {
      if ((error as postgres.PostgresError).code !== '40P01' || attempt === 20) throw error
    }
  }
}
