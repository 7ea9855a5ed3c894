import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { makeSink } from '../messages/sink.ts'

// A lock_timeout that stayed behind would make a later statement of the same transaction fail.
test.each([
  ['0', `select rowhook.refresh('days')`],
  ['0', `select rowhook.refresh_changed()`],
  ['0', `select rowhook.retain('other', '1 day')`],
  ['0', `select rowhook.retain('other', '1 day'), rowhook.unretain('other')`],
  ['0', `call rowhook.backfill('orders')`],
  ['0', `call rowhook.replay('orders', since => now() - interval '1 minute')`],
  ['0', `select rowhook.pause_sink('orders'), rowhook.resume_sink('orders')`],
  ['7s', `select rowhook.refresh('days')`],
  ['7s', `select rowhook.retain('other', '1 day'), rowhook.unretain('other')`],
])(
  'with a lock_timeout of %s, %s leaves the settings of its transaction as they were',
  async (timeout, call) => {
    const { sql } = await createDatabase()
    await sql`create table days (id int primary key) partition by range (id)`
    await sql`create table other (id int primary key)`
    await makeSink(sql, { table: 'days' })
    await sql.begin(async (tx) => {
      await tx.unsafe(`set local lock_timeout = '${timeout}'`)
      await tx`create table days_1 partition of days for values from (1) to (9)`
      const settings = () => tx`select name, setting from pg_settings where context = 'user' order by name`
      const before = await settings()
      await tx.unsafe(call)
      expect(await settings()).toEqual(before)
    })
  },
)
