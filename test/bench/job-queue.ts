// The usual way without rowhook: a trigger that adds a Graphile Worker job per row, and a task that posts it.
// Against it a sink with batches of 1, in turns, for the same rows and the same receiver.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { runMigrations } from 'graphile-worker'
import type { Bench, Figure } from './harness.ts'
import { whole } from './harness.ts'
import { median, ratioOf, takeTurns } from './paired.ts'
import { openStage } from './sinks.ts'

const rows = 5000

/** Drain rate of a queue of jobs, and of rowhook. */
export async function jobQueue(bench: Bench, rounds: number): Promise<Figure[]> {
  const { sql, url } = bench
  await runMigrations({ connectionString: url, schema: 'bench_worker' })
  await sql.unsafe(`
    create table queued (id bigint generated always as identity primary key, v text, n int);
    create table streamed (like queued including all);
    create function enqueue() returns trigger language plpgsql as $$
    begin
      perform bench_worker.add_job('post', json_build_object('data', json_build_array(json_build_object(
        'record', to_json(new), 'action', lower(tg_op), 'table', tg_table_name))));
      return null;
    end $$;
    create trigger enqueue after insert on queued for each row execute function enqueue()`)
  const stage = await openStage(bench)
  await stage.sink('streamed', ['streamed'], 1)
  const worker = await startWorker(url, bench.receiver.url)
  const insert = (table: 'queued' | 'streamed') => () =>
    sql.unsafe(`insert into ${table} (v, n) select repeat('x', 40), i from generate_series(1, ${rows}) i`)
  const taken = await takeTurns(rounds + 1, ['queued', 'streamed'], (name) =>
    stage.drained(insert(name), rows, rows),
  )
  for (const list of Object.values(taken)) list.shift() // the first one warms up
  worker.kill()
  await stage.rowhook.stop()
  return [
    {
      name: 'drain, against a job per change',
      value: `${whole(median(taken.streamed))} requests/s`,
      against: `Graphile Worker ${whole(median(taken.queued))} jobs/s`,
      ratio: ratioOf(taken.streamed, taken.queued),
    },
  ]
}

async function startWorker(url: string, receiver: string): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'job-queue-process.ts'), [url, receiver])
  await once(child, 'message')
  return child
}
