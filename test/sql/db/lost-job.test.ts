// A connection of the job worker that is lost just when it tells that a job is over.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { brokenWay, outcome } from './broken-way.ts'

const src = join(import.meta.dirname, '../../../src')

test.each(['done', 'failed'])(
  'the process goes on, and so does its worker: a job that is %s',
  async (how) => {
    const db = await createDatabase()
    const at = how === 'done' ? 'delete from "rowhook_worker"._private_jobs' : 'last_error'
    const way = await brokenWay(db.url, at)
    const said = await outcome(`
    import { pino } from 'pino'
    import { connect } from ${JSON.stringify(join(src, 'db/connect.ts'))}
    import { queueDeliver, startWorker } from ${JSON.stringify(join(src, 'schedule/worker.ts'))}
    const sql = connect(${JSON.stringify(db.url)})
    let urls = [${JSON.stringify(way.url)}, ${JSON.stringify(db.url)}]
    const seen = []
    await startWorker({
      sql, logger: pino({ level: 'silent' }), pooled: false, maxConnections: 2,
      connectionString: async () => urls.length > 1 ? urls.shift() : urls[0],
      deliver: async (stream) => { seen.push(stream); if (${how === 'failed'} && stream === '1') throw new Error('no') },
      maintain: async () => {}, alert: async () => {},
    })
    await queueDeliver(sql, '1', 0)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    await queueDeliver(sql, '2', 0)
    for (let i = 0; i < 200 && !seen.includes('2'); i++) await new Promise((resolve) => setTimeout(resolve, 100))
    console.log(seen.includes('2') ? 'goes on' : seen)
    process.exit(0)`)
    expect(way.broken()).toBeGreaterThan(0)
    expect(said).toMatch(/^goes on \(0\)$/m)
  },
)
