import { beforeAll, expect, test } from 'vitest'
import { type Stage, ask, setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { flawless, insertItems, tallyOf } from '../support/items.ts'
import { receiver as startReceiver } from '../support/receiver.ts'
import { createAuthority } from '../support/certificates.ts'

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
})

test('a certificate of nobody known is a failure that says so; naming its authority mends it', async () => {
  const { sql } = stage.database
  const authority = createAuthority('a private authority')
  const receiver = await startReceiver({ tls: authority.issue('receiver', { hosts: ['127.0.0.1'] }) })
  const { name, table, show } = await stage.sink({ receiver })
  await insertItems(sql, table, 1, 1)
  await eventually(async () => expect((await show()).last_error).toMatch(/certificate/))
  await ask(stage.rowhook, 'PATCH', `/api/endpoints/${name}`, { ca_certificate: authority.certificate })
  expect(await tallyOf(sql, table, receiver)).toEqual({ made: 1, ...flawless })
})

test('plain HTTP where TLS is expected is a failure; once TLS is spoken, everything arrives', async () => {
  const { sql } = stage.database
  const receiver = await startReceiver()
  const endpoint = { url: receiver.url.replace('http:', 'https:') }
  const { name, table, show } = await stage.sink({ receiver, endpoint })
  await insertItems(sql, table, 1, 1)
  await eventually(async () => expect((await show()).last_error).toMatch(/TLS/))
  expect(receiver.requests).toEqual([])
  await ask(stage.rowhook, 'PATCH', `/api/endpoints/${name}`, { url: receiver.url })
  expect(await tallyOf(sql, table, receiver)).toEqual({ made: 1, ...flawless })
})
