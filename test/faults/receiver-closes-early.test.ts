import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { flawless, insertItems, tallyOf } from '../support/items.ts'

test('an answer that breaks off is a failure, for it could have named failed messages', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver, call } = await stage.sink({
    respond: (_, index) => (index === 0 ? { closeEarly: true, body: { failed: [] } } : {}),
  })
  await insertItems(sql, table, 1, 1)
  expect(await tallyOf(sql, table, receiver)).toEqual({ made: 1, ...flawless })
  expect(receiver.requests.map(({ headers }) => headers['rowhook-attempt'])).toEqual(['1', '2'])
  const { data } = await call('GET', '/deliveries?outcome=failed')
  expect(data).toMatchObject([{ status: 200, error: expect.stringMatching(/closed/) }])
})
