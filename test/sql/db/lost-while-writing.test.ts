import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import { atEnd } from '../../support/at-end.ts'
import { createDatabase } from '../../support/database.ts'

test('a connection that is lost at the very moment of a query is made anew, and works', async () => {
  const { sql, url } = await createDatabase()
  const pool = connect(url, { max: 1 })
  atEnd(() => pool.end({ timeout: 0 }))
  for (let round = 0; round < 30; round += 1) {
    const [{ pid }] = (await pool`select pg_backend_pid() as pid`) as unknown as [{ pid: number }]
    let over = false
    let waiting = 0
    // In every phase of the event loop there is somebody who asks for something; not so many that answering them
    // all were what takes long in the end.
    const asking = (async () => {
      while (!over) {
        if (waiting < 100) {
          waiting += 1
          void pool`select 1`
            .catch(() => {})
            .finally(() => {
              waiting -= 1
            })
        }
        await (round % 2 === 0 ? sleep(0) : new Promise((resolve) => setImmediate(resolve)))
      }
    })()
    // waits until it is gone
    await sql`select pg_terminate_backend(${pid}, 5000)`
    await sleep(20)
    over = true
    await asking
    const began = performance.now()
    await pool`select 1`.catch(async () => pool`select 1`)
    expect(performance.now() - began).toBeLessThan(3000)
  }
}, 60_000)
