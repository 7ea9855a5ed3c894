// A newer key in front of ROWHOOK_ENCRYPTION_KEY: how the older one comes to be needed no more.
import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { decrypt } from '../../src/secret/cipher.ts'
import { clientKeyIdentity, headerIdentity, signingIdentity } from '../../src/secret/identity.ts'
import { type KeyRing, parseKeyRing } from '../../src/secret/ring.ts'
import { createAuthority } from '../support/certificates.ts'
import { createTestApi, rootToken } from './client.ts'

const newKey = () => parseKeyRing(randomBytes(32).toString('base64'))
const path = '/api/endpoints/app'

/** An endpoint with every kind of secret, made with a key that is the older of two by now. */
async function withRotatedKey() {
  const ring = [...newKey()]
  const api = await createTestApi({ config: { adminToken: rootToken, keyRing: ring, allowNetworks: [] } })
  const client = createAuthority('ours').issue('rowhook')
  const made = await api.call('POST', '/api/endpoints', {
    name: 'app',
    url: 'https://app.example.com/',
    encrypted_headers: { 'X-Key': 'hush' },
    client_certificate: client.certificate,
    client_key: client.key,
  })
  const rotated = await api.call('POST', `${path}/rotate-secret`, { overlap_hours: 1 })
  const secrets = {
    header: 'hush',
    signing: [rotated.body.signing_secret, made.body.signing_secret],
    clientKey: client.key,
  }
  const [newest] = newKey()
  ring.unshift(newest!)
  const read = async (keys: KeyRing) => {
    const [row] = await api.database.sql`select * from rowhook.endpoint`
    const { id, encrypted_headers, signing_secrets, client_key } = row!
    return {
      header: decrypt(keys, headerIdentity(id, 'X-Key'), encrypted_headers['X-Key']),
      signing: signing_secrets.map(({ ciphertext }: { ciphertext: string }) =>
        decrypt(keys, signingIdentity(id), ciphertext),
      ),
      clientKey: decrypt(keys, clientKeyIdentity(id), client_key),
    }
  }
  return { ...api, ring, newest: [newest!], secrets, read }
}

it.each([
  ['an edit of something else', { headers: { a: 'b' } }],
  ['an edit that changes nothing', {}],
  ['a header that is set to what it was', { encrypted_headers: { 'X-Key': 'hush' } }],
  ['a header that is kept', { encrypted_headers: { 'X-Key': '***' } }],
])('%s encrypts all secrets of the endpoint with the newest key', async (_, patch) => {
  const { call, read, secrets, newest } = await withRotatedKey()
  await expect(read(newest)).rejects.toThrow('a key that ROWHOOK_ENCRYPTION_KEY does not hold')
  expect(await call('PATCH', path, patch)).toMatchObject({ status: 200 })
  expect(await read(newest)).toEqual(secrets)
  expect((await call('GET', path)).body.signing_secrets).toHaveLength(2)
})

it('a rotated signing secret brings the others of the endpoint along', async () => {
  const { call, read, secrets, newest } = await withRotatedKey()
  const { body } = await call('POST', `${path}/rotate-secret`, { overlap_hours: 1 })
  expect(await read(newest)).toEqual({ ...secrets, signing: [body.signing_secret, ...secrets.signing] })
})

it('what no key reads stays as it is, and the endpoint can be edited still', async () => {
  const { call, ring, read, secrets } = await withRotatedKey()
  const [older] = ring.splice(1)
  expect(await call('PATCH', path, { headers: { a: 'b' } })).toMatchObject({ status: 200 })
  expect(await read([older!])).toEqual(secrets)
})

it('a plan of the same secrets finds nothing to do', async () => {
  const { call } = await withRotatedKey()
  const document = {
    endpoints: [{ name: 'app', url: 'https://app.example.com/', encrypted_headers: { 'X-Key': 'hush' } }],
  }
  const { client_certificate } = (await call('GET', path)).body
  Object.assign(document.endpoints[0]!, { client_certificate })
  expect((await call('POST', '/api/config/plan', document)).body).toEqual({ changes: [] })
})
