import fc from 'fast-check'
import { expect, test } from 'vitest'
import { eventOf } from '../../../src/log/events.ts'

const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text))

test('an event is read from its columns as they came, whatever its key', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', ' ', '"', '\\', '["', '"]', 'a b', 'é', '\u2028', '1 i 2', '\n'),
  )
  const id = fc.nat({ max: Number.MAX_SAFE_INTEGER })
  fc.assert(
    fc.property(
      fc.record({
        event_id: id,
        source_id: fc.nat(),
        action: fc.constantFrom('i' as const, 'u' as const, 'd' as const, 't' as const, 'r' as const),
        size: fc.nat(),
        undecided: fc.boolean(),
        xid: id.map(String),
        captured_at: fc.constantFrom('2026-01-02T03:04:05.000006Z', '10000-01-01T00:00:00.000000Z'),
        pks: fc.array(text, { maxLength: 3 }),
        record: fc.option(fc.json()),
        changes: fc.option(fc.json()),
        old_pks: fc.option(fc.array(text, { maxLength: 2 })),
        grp: fc.option(text),
        old_grp: fc.option(text),
        annotations: fc.option(fc.json()),
        hidden: fc.option(fc.array(text, { maxLength: 2 })),
      }),
      (e) => {
        const pksJson = JSON.stringify(e.pks)
        const head = [
          e.event_id,
          e.source_id,
          e.action,
          e.size,
          Number(e.undecided),
          e.xid,
          e.captured_at,
          pksJson,
        ]
        const read = eventOf([
          Buffer.from(head.join(' ')),
          bytes(e.record),
          bytes(e.changes),
          bytes(e.old_pks && JSON.stringify(e.old_pks)),
          bytes(e.grp),
          bytes(e.old_grp),
          bytes(e.annotations),
          bytes(e.hidden && JSON.stringify(e.hidden)),
        ])
        expect(read).toEqual({
          ...e,
          pks_json: pksJson,
          record: bytes(e.record),
          changes: bytes(e.changes),
        })
      },
    ),
  )
})
