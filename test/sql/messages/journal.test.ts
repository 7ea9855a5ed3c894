import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openJournal } from '../../../src/deliver/journal.ts'
import { atEnd } from '../../support/at-end.ts'
import { createDatabase } from '../../support/database.ts'
import { makeSink } from './sink.ts'

const text = fc.string({
  unit: fc.constantFrom('a', 'ü', '😀', '\\', 'N', '\n', '\r', '\t', '"', '{', ',', '\0'),
})
// around the turns of seconds, days and months, and where one line's second is that of the line before
const at = fc.oneof(
  fc.integer({ min: 0, max: Date.UTC(2100, 0) }),
  fc
    .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 1999 }))
    .map(([second, ms]) => Date.UTC(2027, 1, 28, 23, 59, 57 + second, 0) + ms),
  fc.integer({ min: 0, max: 10_000 }).map((tenths) => Date.UTC(2027, 0) + tenths / 10),
)
const line = fc.record({
  webhookId: fc.uuid().map((id) => `msg_${id}`),
  eventIds: fc.array(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), { maxLength: 3 }),
  attempt: fc.integer({ min: 1, max: 1000 }),
  at,
  ok: fc.boolean(),
  status: fc.option(fc.integer({ min: 100, max: 599 })),
  durationMs: fc.integer({ min: 0, max: 300_000_000 }).map((us) => us / 1000),
  error: fc.option(text),
  response: fc.option(text),
  headers: fc.dictionary(text, text, { maxKeys: 2 }),
})

test('what is written to the delivery log is what stands there', async () => {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key)`
  const { id: sinkId } = await makeSink(sql)
  const errors: unknown[] = []
  const journal = openJournal(sql, (error) => void errors.push(error))
  atEnd(() => journal.close())
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 40 }), async (lines) => {
      await sql`truncate rowhook.delivery`
      for (const { headers, ...rest } of lines) {
        journal.add({
          sinkId,
          replayId: null,
          acknowledged: 0,
          fixedHeaders: JSON.stringify(headers),
          ...rest,
        })
      }
      await journal.flush()
      expect(errors).toEqual([])
      const stored = await sql`
        select webhook_id, event_ids::text[], attempt, (extract(epoch from at) * 1000)::float8 as at, ok, status, duration_ms, error,
          response, fixed_headers
        from rowhook.delivery order by id`
      const kept = (value: string | null) => value?.replaceAll('\0', '\uFFFD') ?? null
      expect(stored).toEqual(
        lines.map((l) => ({
          webhook_id: l.webhookId,
          event_ids: l.eventIds.map(String),
          attempt: l.attempt,
          at: Math.floor(l.at),
          ok: l.ok,
          status: l.status,
          duration_ms: l.durationMs,
          error: kept(l.error),
          response: kept(l.response),
          fixed_headers: l.headers,
        })),
      )
    }),
    { numRuns: process.env['FULL'] === '1' ? 1000 : 60 },
  )
})

test('what the database refuses is written once it takes it', async () => {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key)`
  const { id: sinkId } = await makeSink(sql)
  const errors: unknown[] = []
  const journal = openJournal(sql, (error) => void errors.push(error))
  await sql`alter table rowhook.delivery add constraint no_space check (attempt = 0)`
  const [sample] = fc.sample(line, 1)
  const { headers, ...rest } = sample!
  journal.add({ sinkId, replayId: null, acknowledged: 0, fixedHeaders: JSON.stringify(headers), ...rest })
  await journal.flush()
  expect(errors).toMatchObject([{ code: '23514' }])
  expect(await sql`select from rowhook.delivery`).toHaveLength(0)
  await sql`alter table rowhook.delivery drop constraint no_space`
  await journal.close()
  expect(await sql`select webhook_id from rowhook.delivery`).toEqual([{ webhook_id: rest.webhookId }])
})
