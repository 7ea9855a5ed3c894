// The demo's table and what is done to it. In a schema of its own, because DATABASE_URL may name a
// database that has a table orders already.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from 'postgres'
import { connect } from '../db/connect.ts'

export interface DemoTable {
  sql: Sql
  close(): Promise<void>
}

export const schema = 'rowhook_demo'
export const filter = 'total >= 50'

/** Makes the table where it is not there yet. */
export async function prepareTable(url: string): Promise<DemoTable> {
  const sql = connect(url, { max: 1 })
  await sql.unsafe(`
    create schema if not exists ${schema};
    create table if not exists ${schema}.orders (
      id bigint generated always as identity primary key,
      item text not null,
      total numeric(10,2) not null,
      status text not null default 'pending',
      placed_at timestamptz not null default now()
    )`)
  return { sql, close: () => sql.end() }
}

/**
 * Changes some rows, with a pause after each statement, so that a person can follow. Returns how many
 * webhooks that makes, those that the filter leaves out not counted.
 */
export async function changes(
  { sql }: DemoTable,
  show: (statement: string) => void,
  pauseMs: number,
): Promise<number> {
  const run = async (statement: string, parameters: (number | string)[] = []): Promise<number[]> => {
    show(statement.replace(/\$(\d)/g, (_, n: string) => String(parameters[Number(n) - 1])))
    const rows = await sql.unsafe(statement, parameters)
    await sleep(pauseMs)
    return rows.map((r) => Number(r['id']))
  }
  const [keyboard, monitor, cable] = await run(
    `insert into ${schema}.orders (item, total) values ('keyboard', 89.90), ('monitor', 329.00), ('cable', 4.50) returning id`,
  )
  await run(`update ${schema}.orders set status = 'paid' where id in ($1, $2) returning id`, [
    keyboard!,
    monitor!,
  ])
  await run(`update ${schema}.orders set total = 299.00, status = 'shipped' where id = $1 returning id`, [
    monitor!,
  ])
  await run(`update ${schema}.orders set status = 'paid' where id = $1 returning id`, [cable!])
  await run(`delete from ${schema}.orders where id = $1 returning id`, [keyboard!])
  return 2 + 2 + 1 + 0 + 1
}
