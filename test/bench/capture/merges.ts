// What it costs a partitioned table that rows which a merge moves between partitions are captured: the same table with
// the triggers that see them, and without.
import type { Sql } from 'postgres'
import type { Figure } from '../harness.ts'
import { median, ratioOf, takeTurns } from '../paired.ts'
import { makeSinks } from './tables.ts'

const variants = ['with', 'without'] as const
type Table = `bench.${(typeof variants)[number]}`

/** Each is measured in turn; the last ones leave the table as the first one found it. */
const writes: { name: string; rows: number; run: (table: Table) => string }[] = [
  {
    name: 'update of one row',
    rows: 300,
    run: (t) =>
      `do $$ begin for n in 1..300 loop update ${t} set n = ${t}.n + 1 where region = 'eu' and id = 1; end loop; end $$`,
  },
  {
    name: 'insert of one row',
    rows: 300,
    run: (t) =>
      `do $$ begin for i in 20001..20300 loop insert into ${t} values ('us', i, 1); end loop; end $$`,
  },
  {
    name: 'insert of 3,000 rows',
    rows: 3000,
    run: (t) => `insert into ${t} select 'us', i, 1 from generate_series(30001, 33000) i`,
  },
  {
    name: 'merge that inserts and updates 1,500 rows each',
    rows: 3000,
    run: (t) => `merge into ${t} using generate_series(31501, 34500) v(i) on region = 'us' and id = i
      when matched then update set n = 2 when not matched then insert values ('us', i, 1)`,
  },
  {
    name: 'merge that moves 1,000 rows',
    rows: 1000,
    run: (t) => `merge into ${t} using (select 1) v on region = 'eu' and id between 2001 and 3000
      when matched then update set region = 'us'`,
  },
  {
    name: 'update that moves 1,000 rows',
    rows: 1000,
    run: (t) => `update ${t} set region = 'eu' where region = 'us' and id between 2001 and 3000`,
  },
  { name: 'delete of 4,800 rows', rows: 4800, run: (t) => `delete from ${t} where id > 20000` },
]

/** Measures each kind of statement, in microseconds a row. */
export async function merges(sql: Sql, rounds: number): Promise<Figure[]> {
  await sql`create schema if not exists bench`
  for (const variant of variants) {
    const table: Table = `bench.${variant}`
    await sql.unsafe(`
      create table ${table} (region text, id int, n int, at timestamptz default now(), primary key (region, id))
        partition by list (region);
      create table ${table}_eu partition of ${table} for values in ('eu');
      create table ${table}_us partition of ${table} for values in ('us')`)
    await makeSinks(sql, [{ name: table }])
    await sql.unsafe(
      `insert into ${table} values ('eu', 1, 1); insert into ${table} select 'eu', i, 1 from generate_series(2001, 3000) i`,
    )
  }
  const extra = await sql<{ name: string; table: string }[]>`
    select tgname as name, tgrelid::regclass::text as table from pg_trigger
    where starts_with(tgname, '00_rowhook_merge') and tgrelid::regclass::text like 'bench.without%'`
  for (const { name, table } of extra) await sql.unsafe(`drop trigger "${name}" on ${table}`)

  const figures = new Map(writes.map(({ name }) => [name, { with: [] as number[], without: [] as number[] }]))
  await takeTurns(rounds + 1, variants, async (variant, round) => {
    for (const { name, rows, run } of writes) {
      const began = performance.now()
      await sql.unsafe(run(`bench.${variant}`))
      // the first round fills caches, and is not counted
      if (round > 0) figures.get(name)![variant].push(((performance.now() - began) * 1000) / rows)
    }
    return 0
  })
  return [...figures].map(([name, taken]) => ({
    name: `partitioned: ${name}`,
    value: `${median(taken.with).toFixed(1)} µs a row`,
    against: `without triggers for merges ${median(taken.without).toFixed(1)}`,
    ratio: ratioOf(taken.without, taken.with),
  }))
}
