// What capture costs inside of a writer's statement, paired in one server session with a row-level
// trigger as one writes it by hand: security definer, because writers have no right on the audit
// table, and the row as jsonb. Loops run in the server, so no network and no commit dilutes the
// difference; variants take turns, and the least of all rounds counts.
import type { Sql } from 'postgres'
import { prepareSources, regenerate, resolveTables, saveTables } from '../../src/capture/tables.ts'
import type { TableInput } from '../../src/capture/tables.ts'
import type { Bench, Figure } from './harness.ts'

const rounds = 8
const singles = 400
const perStatement = 1000

/** Measures single-row and 1,000-row statements, and what 100 sinks cost against one. */
export async function run({ sql }: Pick<Bench, 'sql'>): Promise<Figure[]> {
  await prepare(sql)
  await capture(sql, 'one', [{ name: 'bench.captured' }])
  for (let i = 1; i <= 100; i += 1)
    await capture(sql, `many-${i}`, [{ name: 'bench.hundred', filter: `customer = ${i}` }])
  await capture(sql, 'single', [{ name: 'bench.single', filter: 'customer = 1' }])

  const least = new Map<string, number>()
  for (let round = 0; round < rounds; round += 1) {
    for (const table of ['audited', 'captured', 'single', 'hundred']) {
      for (const kind of ['insert one', 'update one', 'insert many', 'update many']) {
        const [row] = await sql<
          { us: number }[]
        >`select bench.measure(${table}, ${kind}, ${singles}, ${perStatement}) as us`
        const name = `${table} ${kind}`
        least.set(name, Math.min(least.get(name) ?? Infinity, row!.us))
      }
    }
    await sql`truncate rowhook.event, bench.audit`
  }
  const us = (name: string) => least.get(name)!
  const against = (kind: string, target: number): Figure => {
    const ratio = us(`audited ${kind}`) / us(`captured ${kind}`)
    return {
      name: `capture: ${kind === 'insert one' || kind === 'update one' ? kind + ' row' : kind.replace('many', `${perStatement} rows`)}`,
      value: `${us(`captured ${kind}`).toFixed(1)} µs a row`,
      against: `row trigger: ${us(`audited ${kind}`).toFixed(1)} µs`,
      ratio,
      target: `≥ ${target}`,
      ok: ratio >= target,
    }
  }
  const hundred = us('hundred insert many') / us('single insert many')
  return [
    against('insert many', 1.8),
    against('insert one', 1),
    against('update many', 1),
    against('update one', 1),
    {
      name: 'capture: 100 sinks with filters',
      value: `${us('hundred insert many').toFixed(1)} µs a row`,
      against: `one sink: ${us('single insert many').toFixed(1)} µs`,
      ratio: hundred,
      target: '≤ 3',
      ok: hundred <= 3,
    },
  ]
}

async function prepare(sql: Sql): Promise<void> {
  await sql.unsafe(`
    create schema bench;
    create table bench.audit (
      id bigint generated always as identity primary key, at timestamptz not null default clock_timestamp(),
      xid xid8 not null default pg_current_xact_id(), table_name text not null, action text not null,
      old jsonb, new jsonb);
    create function bench.audit_row() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    begin
      insert into bench.audit (table_name, action, old, new)
      values (tg_table_name, tg_op, case when tg_op <> 'INSERT' then to_jsonb(old) end,
        case when tg_op <> 'DELETE' then to_jsonb(new) end);
      return null;
    end $$;
    create table bench.audited (
      id int primary key, customer int, status text, price numeric(10,2), at timestamptz default now(), note text,
      active boolean default true, quantity int);
    create table bench.captured (like bench.audited including all);
    create table bench.single (like bench.audited including all);
    create table bench.hundred (like bench.audited including all);
    create trigger audit after insert or update or delete on bench.audited for each row execute function bench.audit_row();
    create function bench.measure(p_table text, p_kind text, p_singles int, p_many int) returns float8
    language plpgsql as $$
    declare
      v_begun  timestamptz;
      v_row    text := 'i, i % 200, ''new'', i * 1.5, now(), ''a note of some length'', true, 3';
      v_fill   text := 'insert into bench.' || p_table || ' select ' || v_row || ' from generate_series(1, ' || p_many || ') i';
      v_one    text;
    begin
      execute 'truncate bench.' || p_table;
      if p_kind like 'update%' then
        execute v_fill;
      end if;
      v_one := case p_kind
        when 'insert one' then 'insert into bench.' || p_table || ' values (' || v_row || ')'
        else 'update bench.' || p_table || ' set status = ''paid'' where id = i' end;
      v_begun := clock_timestamp();
      if p_kind = 'insert many' then
        execute v_fill;
        return extract(epoch from clock_timestamp() - v_begun) * 1e6 / p_many;
      elsif p_kind = 'update many' then
        execute 'update bench.' || p_table || ' set status = ''paid''';
        return extract(epoch from clock_timestamp() - v_begun) * 1e6 / p_many;
      end if;
      -- a block of its own keeps the statement's plan, as a client's prepared statement does
      execute 'do $loop$ begin for i in 1..' || p_singles || ' loop ' || v_one || '; end loop; end $loop$';
      return extract(epoch from clock_timestamp() - v_begun) * 1e6 / p_singles;
    end $$`)
}

async function capture(sql: Sql, name: string, tables: TableInput[]): Promise<void> {
  const resolved = await resolveTables(sql, tables)
  await prepareSources(sql, resolved)
  await sql.begin(async (tx) => {
    await tx`insert into rowhook.endpoint (name, url) values ('bench', 'https://example.com') on conflict do nothing`
    const [sink] = await tx<{ id: number }[]>`
      insert into rowhook.sink (name, endpoint_id) select ${name}, id from rowhook.endpoint where name = 'bench' returning id`
    await regenerate(tx, await saveTables(tx, sink!.id, resolved))
  })
}

if (import.meta.main) {
  const { openBench } = await import('./harness.ts')
  const bench = await openBench()
  try {
    for (const f of await run(bench))
      process.stdout.write(
        `${f.name.padEnd(34)} ${f.value.padEnd(18)} ${f.against.padEnd(26)} ${f.ratio!.toFixed(2).padStart(5)}  ${f.target} ${f.ok === true ? '✓' : '✗'}\n`,
      )
  } finally {
    await bench.close()
  }
}
