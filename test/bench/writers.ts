// What a dispatcher at work takes from the writers of the same server: sixteen sessions that commit every row,
// with a dispatcher that delivers meanwhile and without one, in turns. Once as applications write, over sockets, and
// once in loops within the server, where nothing but the commits themselves takes the machine's time.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Figure, Rowhook } from './harness.ts'
import { whole } from './harness.ts'
import { median, ratioOf, takeTurns } from './paired.ts'

const clients = 16
const seconds = 3

/** Commits a second of 16 writers, with the dispatcher active and stopped. */
export async function writers(bench: Bench, rounds: number): Promise<Figure[]> {
  const { sql, receiver } = bench
  await sql`create table written (id bigint generated always as identity primary key, v text, n int)`
  const setup = await bench.rowhook(['--no-dispatch'])
  await setup.api('POST', '/api/endpoints', { name: 'written', url: receiver.url })
  await setup.api('POST', '/api/sinks', {
    name: 'written',
    endpoint: 'written',
    tables: [{ name: 'written' }],
    batch_size: 100,
  })
  await setup.stop()
  const over = await compare(bench, rounds, writeOverSockets)
  const within = await compare(bench, rounds, writeWithin)
  return [
    {
      ...over,
      name: `${clients} clients that commit every row, beside an active dispatcher`,
      target: '≥ 0.9',
      ok: over.ratio >= 0.9,
    },
    { ...within, name: 'the same in loops within the server' },
  ]
}

type Write = (bench: Bench, forSeconds: number) => Promise<number>

async function compare(bench: Bench, rounds: number, write: Write) {
  const { sql, receiver } = bench
  const taken = await takeTurns(rounds, ['stopped', 'active'], async (name) => {
    await sql.unsafe('truncate written, rowhook.event; checkpoint')
    let dispatcher: Rowhook | undefined
    if (name === 'active') {
      dispatcher = await bench.rowhook(['--no-api'])
      await write(bench, 5) // so that it has been at work, and V8 is done with optimizing it
    }
    await receiver.reset()
    const rate = await write(bench, seconds)
    if (dispatcher !== undefined) {
      const { requests } = await receiver.read()
      if (requests === 0) throw new Error('the dispatcher delivered nothing meanwhile')
      await dispatcher.stop()
    }
    return rate
  })
  return {
    value: `${whole(median(taken.active))} commits/s`,
    against: `dispatcher stopped ${whole(median(taken.stopped))}/s`,
    ratio: ratioOf(taken.active, taken.stopped),
  }
}

/** Sessions of another process. */
async function writeOverSockets({ url }: Bench, forSeconds: number): Promise<number> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'writer-process.ts'), url, ...[clients, forSeconds].map(String)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [printed] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return Number(printed) / forSeconds
}

/** Sessions that loop in the server, so that no client takes the machine's time; they wait for the disk as usual. */
async function writeWithin({ sql }: Bench, forSeconds: number): Promise<number> {
  const count = async () => Number((await sql`select last_value from written_id_seq`)[0]!['last_value'])
  const sessions = await Promise.all(Array.from({ length: clients }, () => sql.reserve()))
  const before = await count()
  const loops = sessions.map((session) =>
    session.unsafe(`do $loop$ declare v_end timestamptz := clock_timestamp() + interval '${forSeconds} seconds'; begin
      while clock_timestamp() < v_end loop
        insert into written (v, n) values ('a note of some length', 1);
        commit;
      end loop;
    end $loop$`),
  )
  await Promise.all(loops)
  const written = (await count()) - before
  for (const session of sessions) session.release()
  await sleep(50)
  return written / forSeconds
}
