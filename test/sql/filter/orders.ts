// test/unit/filter/orders.ts as a real table, and the ways to evaluate a filter on its rows.
import type postgres from 'postgres'
import { quoteIdentifier } from '../../../src/filter/index.ts'
import type { CompiledFilter, FilterColumn, FilterPart, FilterType } from '../../../src/filter/index.ts'
import { filterTable, filterTypes } from '../../../src/capture/columns.ts'

/** What compileFilter needs to know of the table. */
export interface Orders {
  columns: FilterColumn[]
  types: FilterType[]
}

/** Makes the table, with rows at the edges of every type. */
export async function createOrders(sql: postgres.Sql): Promise<Orders> {
  await sql.unsafe(`
    create type public.order_status as enum ('a', 'b', 'shipped');
    create domain public.positive as numeric(8,2) check (value > 0);
    create type public.address as (city text);
    create collation public.nd (provider = icu, locale = 'und', deterministic = false);
    create table public.orders (
      id integer, status public.order_status, mrr numeric, email text, tags text[], doc jsonb, raw json,
      created_at timestamptz, active boolean, ratio double precision, price public.positive,
      address public.address, "user" varchar(20), "Größe ""cm""" bigint, history public.order_status[],
      note text collate "C", nick text collate public.nd, span tstzrange, ip inet, day date,
      words tsvector, small smallint, numbers integer[], ts timestamp, spent interval
    );
    insert into public.orders values
      (1, 'a', 1.5, 'a', '{a,b}', '{"a": "x", "n": 5}', '{"a": "\\u0000"}', '2024-01-01', true, 1.5, 1,
       row('x'), 'a', 1, '{a}', 'a', 'a', '[2024-01-01,2025-01-01)', '10.0.0.1', '2024-01-01', 'a', 1, '{1,2}',
       '2024-01-01', '1 day'),
      (2147483647, 'b', 'NaN', E'a%\\\\', '{}', '[1, null, {"a": 1e400}]', '"\\ud800"', 'infinity', false, 'NaN', 999999.99,
       row(null), '', 9223372036854775807, '{}', '🎉', '🎉', 'empty', '::/0', 'infinity', '', 32767, '{}',
       'infinity', '178000000 years'),
      (-2147483648, 'shipped', 1e400, repeat('é', 1000), array[null], 'null', 'null', '-infinity', null, '-Infinity', null,
       null, null, -9223372036854775808, null, '', 'É', '(,)', '255.255.255.255/8', '-infinity', null, -32768,
       '{{1,2},{3,4}}', '-infinity', '-178000000 years'),
      (0, 'a', -1e400, '', '{{a,b},{c,d}}', '"x"', '{}', '4714-11-24 00:00:00+00 BC', true, 1e308, 0.01,
       row(''), 'x', 0, '{a,b,shipped}', 'A', 'é', '[,2024-01-01]', '127.0.0.1', '5874897-12-31', 'a b', 0, '{0}',
       '294276-12-31', '-1 day');
    insert into public.orders (history, active) values ('{a,null}', true), ('{{a,b},{null,a}}', false);
    insert into public.orders default values;`)
  const [row] = await sql<{ oid: number }[]>`select 'public.orders'::regclass::oid as oid`
  const { columns } = await filterTable(sql, row!.oid)
  return { columns, types: await filterTypes(sql) }
}

/** The printed filter over the row `n`, whatever side it names. */
export function printed(filter: Pick<CompiledFilter, 'parts'>, columns: readonly FilterColumn[]): string {
  const names = new Map(columns.map((c) => [c.attnum, quoteIdentifier(c.name)]))
  const render = (part: FilterPart) =>
    typeof part === 'string' ? part : 'type' in part ? part.name : `n.${names.get(part.att)!}`
  return filter.parts.map(render).join('')
}

/** What an expression gives for each row, in order, or the error that it raises. */
export async function evaluate(sql: postgres.Sql, expression: string): Promise<unknown[] | string> {
  return await sql
    .begin(async (tx) => {
      await tx.unsafe(`set local search_path = pg_catalog, pg_temp; set local timezone = 'UTC'`)
      const rows = await tx.unsafe(`select ${expression} as it from public.orders n order by ctid`)
      return rows.map((r): unknown => r['it'])
    })
    .catch((error: unknown) => String((error as { code?: string }).code ?? error))
}

/** Whether the expression can be planned at all; an error that planning finds is no error of a row. */
export async function plans(sql: postgres.Sql, expression: string): Promise<boolean> {
  const outcome = await sql
    .begin(async (tx) => {
      await tx.unsafe(`set local search_path = pg_catalog, pg_temp`)
      await tx.unsafe(`explain select from public.orders n where ${expression}`)
      return true
    })
    .catch(() => false)
  return outcome
}
