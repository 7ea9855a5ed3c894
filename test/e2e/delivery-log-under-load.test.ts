import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { insertItems } from '../support/items.ts'

test('the delivery log is whole while the API is busy on the same pool', async () => {
  const stage = await setStage()
  const { table, receiver, call } = await stage.sink()
  let looking = true
  const looks = Array.from({ length: 6 }, async () => {
    while (looking) await Promise.all([call('GET', ''), call('GET', '/messages'), call('GET', '/deliveries')])
  })
  try {
    for (let i = 1; i <= 20; i += 1) {
      await insertItems(stage.database.sql, table, i, i)
      await receiver.waitFor(i)
    }
  } finally {
    looking = false
    await Promise.all(looks)
  }
  await eventually(async () => {
    const { data } = await call('GET', '/deliveries?limit=1000')
    expect(data).toHaveLength(20)
  })
  expect(stage.rowhook.logs.filter(({ level }) => Number(level) >= 40)).toEqual([])
})
