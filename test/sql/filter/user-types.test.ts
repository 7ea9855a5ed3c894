// What the owner of a type can do to filters on it: casts with functions of theirs, implicit ones
// included, which no search_path keeps out; operators and functions that shadow the built-in ones;
// domain checks. None of it may run.
import type postgres from 'postgres'
import { beforeAll, describe, expect, it } from 'vitest'
import { compileFilter } from '../../../src/filter/index.ts'
import { createDatabase } from '../../support/database.ts'
import { createOrders, evaluate, printed } from './orders.ts'
import type { Orders } from './orders.ts'

let sql: postgres.Sql
let orders: Orders

beforeAll(async () => {
  ;({ sql } = await createDatabase())
  orders = await createOrders(sql)
  const traps = [
    ['public.order_status', 'text', 'implicit'],
    ['public.order_status', 'integer', 'implicit'],
    ['text', 'public.order_status', 'implicit'],
    ['integer', 'public.order_status', 'implicit'],
    ['public.order_status', 'json', 'assignment'],
    ['public.order_status[]', 'text', 'implicit'],
    ['text[]', 'public.order_status[]', 'implicit'],
  ].map(([from, to, as], i) => {
    const body = `begin raise exception 'a cast of the owner ran' using errcode = 'P0666'; end`
    return `create function public.trap${i}(${from}) returns ${to} language plpgsql immutable as $$${body}$$;
      create cast (${from} as ${to}) with function public.trap${i}(${from}) as ${as};`
  })
  await sql.unsafe(`${traps.join('\n')}
    create function public.shadow(integer, integer) returns boolean language plpgsql immutable
      as $$begin raise exception 'an operator of the owner ran' using errcode = 'P0666'; end$$;
    create operator public.= (leftarg = integer, rightarg = integer, function = public.shadow);
    create function public.lower(text) returns text language plpgsql immutable
      as $$begin raise exception 'a function of the owner ran' using errcode = 'P0666'; end$$;
    alter domain public.positive add check (public.shadow(1, 1)) not valid;`)
})

describe('with traps on every type, operator and function that can have one,', () => {
  it('the traps are real: plain SQL runs into them', async () => {
    expect(await evaluate(sql, "n.status::text = 'a'")).toBe('P0666')
    expect(await evaluate(sql, 'n.status = n.id')).toBe('P0666')
    expect(await evaluate(sql, 'n.email::public.order_status is null')).toBe('P0666')
    expect(await evaluate(sql, 'n.id operator(public.=) 1')).toBe('P0666')
    expect(await evaluate(sql, "'1'::public.positive is null")).toBe('P0666')
    expect(await evaluate(sql, 'to_jsonb(n.status) is null')).toBe('P0666')
  })

  it.each([
    "status = 'a' or status in ('a', 'b') or status between 'a' and 'b' or status <> old.status",
    "status is distinct from old.status and nullif(status, 'a') is null",
    "status::text = 'a' and status::varchar(3) like 'a%' and concat(status, id) = 'a1'",
    "coalesce(status, 'a') = greatest(status, 'b') and case status when 'a' then true end",
    "status = any (history) or status = any ('{a,b}') or status = any (array['a', 'b']::order_status[])",
    "history @> array[status] and history::text = '{a}' and array_to_string(history, ',') = 'a'",
    "history && '{a}' and case when array_ndims(history) = 1 then array_position(history, 'a') end = 1 and cardinality(history) = 1 and history[1] = 'a'",
    "(status, id) = ('a', 1) and (status, id) in (('a', 1), ('b', 2))",
    "'a'::order_status = status and '{a}'::order_status[] = history",
    'num_nulls(status, history) = 0 and status is not null',
    "id = 1 and id in (1, 2) and lower(email) = 'a' and id is distinct from 3 and nullif(id, 1) is null",
    "price = 1 and price::text = '1.00' and '1'::positive = price and coalesce(price, 1) > 0",
  ])('this filter runs without them: %s', async (text) => {
    const compiled = await compileFilter(text, orders.columns, orders)
    expect(await evaluate(sql, printed(compiled, orders.columns))).toBeInstanceOf(Array)
  })
})
