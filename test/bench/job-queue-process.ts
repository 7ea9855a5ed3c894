// A Graphile Worker whose one task posts a job's payload, with as many jobs at a time as a sink has requests.
// Jobs are fetched and completed many at a time, which is the fastest that it can do.
import { Logger, run } from 'graphile-worker'
import { Pool } from 'undici'

const [connectionString, receiver] = process.argv.slice(2) as [string, string]
const pool = new Pool(receiver, { connections: 16 })
await run({
  connectionString,
  schema: 'bench_worker',
  concurrency: 16,
  maxPoolSize: 10,
  pollInterval: 100,
  noHandleSignals: true,
  logger: new Logger(() => () => {}),
  preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  taskList: {
    async post(payload) {
      const { body, statusCode } = await pool.request({
        path: '/',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(payload),
      })
      await body.dump()
      if (statusCode >= 300) throw new Error(`status ${statusCode}`)
    },
  },
})
process.send!('ready')
