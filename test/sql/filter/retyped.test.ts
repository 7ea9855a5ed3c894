// A filter is checked for the types that its columns have. What when a column gets another type?
import type postgres from 'postgres'
import { describe, expect, it } from 'vitest'
import { compileFilter } from '../../../src/filter/index.ts'
import { createDatabase } from '../../support/database.ts'
import { createOrders } from './orders.ts'

async function filtered(text: string) {
  const { sql } = await createDatabase()
  const orders = await createOrders(sql)
  const { parts, canRaise } = await compileFilter(text, orders.columns, orders)
  const check = () =>
    sql`select rowhook.check_filter('public.orders', ${sql.json(parts as postgres.JSONValue)})`
  const isGuarded = async () => {
    const [row] = await sql<{ it: boolean }[]>`
      select rowhook.needs_guard(${sql.json(parts as postgres.JSONValue)}, ${canRaise},
        rowhook.table_columns('public.orders'::regclass)) as it`
    return row!.it
  }
  return { sql, check, isGuarded }
}

describe('when a column gets another type,', () => {
  it('a built-in one: the filter goes on if it plans, and is taken as one that may raise', async () => {
    const { sql, check, isGuarded } = await filtered('mrr > id')
    await check()
    expect(await isGuarded()).toBe(false)
    await sql.unsafe('alter table public.orders alter column mrr type double precision using 1')
    await check()
    expect(await isGuarded()).toBe(true)
    await sql.unsafe('alter table public.orders alter column id type text')
    await expect(check()).rejects.toThrow(/operator does not exist/)
  })

  it("a user's one: no function of its casts is ever looked for", async () => {
    const { sql, check } = await filtered('id = 1')
    await sql.unsafe(`
      create type public.number as enum ('one');
      create function public.to_int(public.number) returns integer language plpgsql immutable
        as $$begin raise exception 'a cast of the owner ran' using errcode = 'P0666'; end$$;
      create cast (public.number as integer) with function public.to_int(public.number) as implicit;
      alter table public.orders alter column id type public.number using 'one'`)
    await expect(check()).rejects.toThrow('column id is now of type public.number')
  })
})
