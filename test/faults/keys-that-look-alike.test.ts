import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'

test.each([
  ['empty', { failing: ['', ''], other: ['a', ''] }, 'primary key (a)'],
  [
    'of two columns that read alike when joined',
    { failing: ['a:b', 'c'], other: ['a', 'b:c'] },
    'primary key (a, b)',
  ],
])(
  'a row that fails holds up no other row of its table, where its key is %s',
  async (_, { failing, other }, key) => {
    const stage = await setStage()
    const { sql } = stage.database
    await sql.unsafe(`create table item (a text, b text, ${key})`)
    const { receiver, call } = await stage.sink({
      table: 'item',
      respond: ({ messages: [message] }) => {
        const { a, b } = message!.record!
        return { status: a === failing[0] && b === failing[1] ? 500 : 200 }
      },
    })
    await sql`insert into item values ${sql([failing])}`
    await receiver.waitForRequests(2) // so it has been written down
    await sql`insert into item values ${sql([other])}`
    await receiver.waitFor(1)
    await call('POST', '/pause')
    await call('POST', '/resume')
    await sql`update item set b = b || 'x' where a = ${other[0]!}`
    const [, last] = await receiver.waitFor(2)
    expect(last!.record).toMatchObject({ a: other[0] })
  },
)
