// The same table several times, with what a writer may find on it: nothing, a row trigger as one writes it by
// hand, PgQ's trigger in C, and rowhook's capture for 1, 10 and 100 sinks. Every row is stored exactly once by
// each of them: with 10 and 100 sinks each has a filter of its own, and each row is wanted by one of them.
import type { Sql } from 'postgres'
import {
  prepareSources,
  regenerate,
  resolveTables,
  saveTables,
  type TableInput,
} from '../../../src/capture/tables.ts'

/**
 * What is on a table; `definer` is the row trigger for writers who have no right on the event table, `log` one that
 * does by hand what capture does: it writes rowhook's events, under the same rights and settings.
 */
export type Variant = 'bare' | 'trigger' | 'definer' | 'log' | 'pgq' | 'filtered' | 'one' | 'ten' | 'hundred'

/** How many customers the rows of a variant's table spread over. */
const customers: Partial<Record<Variant, number>> = { ten: 10 }

/** Makes the tables of these variants, with what is on them. */
export async function makeTables(sql: Sql, variants: readonly Variant[]): Promise<void> {
  await sql.unsafe(schema)
  for (const variant of variants) {
    await sql.unsafe(`
      create table bench.${variant} (
        id int primary key, customer int, status text, price numeric(10,2), at timestamptz default now(), note text,
        active boolean default true, quantity int)`)
    const rowTrigger = (call: string) =>
      sql.unsafe(
        `create trigger audit after insert or update or delete on bench.${variant} for each row execute function ${call}`,
      )
    if (variant === 'trigger') await rowTrigger('bench.audit_row()')
    if (variant === 'definer') await rowTrigger('bench.audit_row_definer()')
    if (variant === 'log') await rowTrigger('bench.log_row()')
    if (variant === 'pgq') {
      await sql`select pgq.create_queue('bench')`
      await rowTrigger("pgq.jsontriga('bench')")
    }
    const name = `bench.${variant}`
    if (variant === 'one') await makeSinks(sql, [{ name }])
    if (variant === 'filtered') await makeSinks(sql, [{ name, filter: 'customer < 1000' }])
    if (variant === 'ten' || variant === 'hundred') {
      const count = variant === 'ten' ? 10 : 100
      await makeSinks(
        sql,
        Array.from({ length: count }, (_, i) => ({ name, filter: `customer = ${i}` })),
      )
    }
  }
}

/** Empties everything that the writes have filled. */
export async function emptyTables(sql: Sql, variants: readonly Variant[]): Promise<void> {
  await sql.unsafe('truncate rowhook.event, bench.audit')
  if (variants.includes('pgq')) {
    const [queue] = await sql`select queue_data_pfx || '_' || queue_cur_table as name from pgq.queue`
    await sql.unsafe(`truncate ${queue!['name'] as string}`)
  }
}

/** A sink of its own for each entry. */
export async function makeSinks(sql: Sql, tables: readonly TableInput[]): Promise<void> {
  await sql`insert into rowhook.endpoint (name, url) values ('bench', 'https://example.com') on conflict do nothing`
  const resolved = await resolveTables(sql, tables.slice(0, 1))
  await prepareSources(sql, resolved)
  await sql.begin(async (tx) => {
    let sources: number[] = []
    for (const [i, table] of tables.entries()) {
      const [sink] = await tx<{ id: number }[]>`
        insert into rowhook.sink (name, endpoint_id)
        select ${`${table.name}-${i}`}, id from rowhook.endpoint where name = 'bench' returning id`
      sources = await saveTables(tx, sink!.id, await resolveTables(tx as never, [table]))
    }
    await regenerate(tx, sources)
  })
}

/** How many rows a statement writes, and what it does with them. */
export interface Write {
  action: 'insert' | 'update' | 'delete'
  rows: number
}

/** One statement, as plpgsql, over the rows whose ids begin at the variable `v_at`. */
export function statement(variant: Variant, { action, rows }: Write): string {
  const table = `bench.${variant}`
  if (action === 'insert')
    return rows === 1
      ? `insert into ${table} values (${row(variant, 'v_at')})`
      : `insert into ${table} select ${row(variant, 'i')} from generate_series(v_at, v_at + ${rows - 1}) i`
  const where = rows === 1 ? 'id = v_at' : `id between v_at and v_at + ${rows - 1}`
  return action === 'update'
    ? `update ${table} set status = 'paid' where ${where}`
    : `delete from ${table} where ${where}`
}

/** Empties a table, then fills it with so many rows, past its triggers. */
export async function fill(sql: Sql, variant: Variant, rows: number): Promise<void> {
  await sql.begin(async (tx) => {
    await tx.unsafe(`truncate bench.${variant}; set local session_replication_role = replica`)
    await tx.unsafe(
      `insert into bench.${variant} select ${row(variant, 'i')} from generate_series(1, ${rows}) i`,
    )
  })
}

const row = (variant: Variant, id: string): string =>
  `${id}, ${id} % ${customers[variant] ?? 100}, 'new', ${id} * 1.5, now(), 'a note of some length', true, 3`

const audit = `
    begin
      insert into bench.audit (table_name, action, old, new)
      values (tg_table_name, tg_op, case when tg_op <> 'INSERT' then to_jsonb(old) end,
        case when tg_op <> 'DELETE' then to_jsonb(new) end);
      return null;
    end`
const schema = `
  create schema bench;
  create table bench.audit (
    id bigint generated always as identity primary key, at timestamptz not null default now(),
    xid xid8 not null default pg_current_xact_id(), table_name text not null, action text not null,
    old jsonb, new jsonb);
  create function bench.audit_row() returns trigger language plpgsql as $$${audit}$$;
  create function bench.audit_row_definer() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$${audit}$$;
  create function bench.log_row() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
    begin
      if tg_op = 'INSERT' then
        insert into rowhook.event (source_id, action, sinks, groups, pks, record)
        values (1, 'i', '{1}', '{null}', array[new.id::text], row_to_json(new));
      elsif tg_op = 'UPDATE' then
        insert into rowhook.event (source_id, action, sinks, groups, pks, record, changes)
        values (1, 'u', '{1}', '{null}', array[new.id::text], row_to_json(new), row_to_json(old));
      else
        insert into rowhook.event (source_id, action, sinks, groups, pks, record)
        values (1, 'd', '{1}', '{null}', array[old.id::text], row_to_json(old));
      end if;
      return null;
    end$$;
  create function bench.timed(p_block text) returns float8 language plpgsql as $$
  declare
    v_begun  timestamptz := clock_timestamp();
  begin
    execute p_block;
    return extract(epoch from clock_timestamp() - v_begun) * 1e6;
  end $$;`
