import fc from 'fast-check'
import { expect, test } from 'vitest'
import { groupKeys } from '../../../src/deliver/group.ts'
import type { EventRow } from '../../../src/log/events.ts'
import { createDatabase } from '../../support/database.ts'

const pks = fc.array(fc.string({ unit: fc.constantFrom('a', ':', '\\', ';', 'ä') }), { maxLength: 3 })

test('a row has the same group in SQL as in the dispatcher, and no other row of its table has it', async () => {
  const { sql } = await createDatabase()
  const tables = new Map()
  await fc.assert(
    fc.asyncProperty(pks, pks, async (one, other) => {
      const lane = (key: string[]) =>
        groupKeys({ tables }, {
          source_id: 7,
          pks: key,
          grp: null,
          old_pks: null,
          old_grp: null,
        } as unknown as EventRow)[0]
      const [row] =
        await sql`select rowhook.row_lane(7, ${one}) as one, rowhook.row_lane(7, ${other}) as other`
      expect([row!['one'], row!['other']]).toEqual([lane(one), lane(other)])
      // a table's key has always the same number of columns
      if (one.length === other.length)
        expect(row!['one'] === row!['other']).toBe(one.join('\0') === other.join('\0'))
    }),
    { numRuns: process.env['FULL'] === '1' ? 2000 : 300 },
  )
})
