import type { ServerOptions } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { checkTls } from '../../../src/deliver/tls.ts'
import { createAuthority } from '../../support/certificates.ts'
import { eventually } from '../../support/eventually.ts'
import { httpReceiver, localSender, requestTo } from './receivers.ts'

const authority = createAuthority('Test CA')
const stranger = createAuthority('Another CA')
const server = authority.issue('receiver', { hosts: ['127.0.0.1', 'receiver.example'] })
const client = authority.issue('rowhook')
const ca_certificate = authority.certificate

const served = (identity = server, more: ServerOptions = {}): { tls: ServerOptions } => ({
  tls: { cert: identity.certificate, key: identity.key, ...more },
})
const toLocalhost = { resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]) }

describe('a receiver with a certificate of a private CA', () => {
  test('is reached when the endpoint names the CA', async () => {
    const receiver = await httpReceiver(undefined, served())
    const exchange = await localSender().send(requestTo(receiver.url, { tls: { ca_certificate } }))
    expect(exchange).toMatchObject({ status: 200, body: 'ok' })
  })

  test('is not trusted otherwise, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    const receiver = await httpReceiver(undefined, served())
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      const { error } = await localSender().send(requestTo(receiver.url))
      expect(error).toEqual({
        code: 'tls',
        message: expect.stringMatching(/^TLS: unable to verify .*; a private CA goes into ca_certificate$/),
      })
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before
    }
    expect(receiver.requests).toEqual([])
  })

  test('is not trusted by another endpoint of the same sender that names another CA', async () => {
    const receiver = await httpReceiver(undefined, served())
    const sender = localSender()
    await sender.send(requestTo(receiver.url, { tls: { ca_certificate } }))
    const tls = { ca_certificate: stranger.certificate }
    expect((await sender.send(requestTo(receiver.url, { tls }))).error?.code).toBe('tls')
    expect((await sender.send(requestTo(receiver.url, { tls, endpointKey: 'other' }))).error?.code).toBe(
      'tls',
    )
  })

  test('is asked by its name, though the address was checked before', async () => {
    const receiver = await httpReceiver(undefined, served())
    const sender = localSender(toLocalhost)
    const url = `https://receiver.example:${receiver.port}/`
    expect((await sender.send(requestTo(url, { tls: { ca_certificate } }))).status).toBe(200)
    expect(receiver.requests[0]!.headers.host).toBe(`receiver.example:${receiver.port}`)
  })

  test('keeps its connection', async () => {
    const receiver = await httpReceiver(undefined, served())
    const sender = localSender()
    for (let i = 0; i < 5; i += 1) {
      // A new object each time, as a caller that reads the endpoint anew would have.
      await sender.send(requestTo(receiver.url, { tls: { ca_certificate } }))
    }
    expect(receiver.sockets).toHaveLength(1)
  })
})

describe('a certificate', () => {
  test('for another host is refused', async () => {
    const receiver = await httpReceiver(undefined, served())
    const url = `https://other.example:${receiver.port}/`
    const { error } = await localSender(toLocalhost).send(requestTo(url, { tls: { ca_certificate } }))
    expect(error).toEqual({
      code: 'tls',
      message: expect.stringMatching(/^TLS: the certificate is for another host\. Host: other\.example/),
    })
  })

  test('that has expired is refused', async () => {
    const expired = authority.issue('receiver', {
      hosts: ['127.0.0.1'],
      notAfter: new Date(Date.now() - 1_000),
    })
    const receiver = await httpReceiver(undefined, served(expired))
    const { error } = await localSender().send(requestTo(receiver.url, { tls: { ca_certificate } }))
    expect(error).toEqual({ code: 'tls', message: 'TLS: certificate has expired' })
  })
})

describe('a receiver that wants a client certificate', () => {
  const wanting = served(server, { requestCert: true, rejectUnauthorized: true, ca: authority.certificate })

  test('is shown the one of the endpoint', async () => {
    const receiver = await httpReceiver((request, response) => {
      response.end((request.socket as TLSSocket).getPeerCertificate().subject.CN)
    }, wanting)
    const tls = { ca_certificate, client_certificate: client.certificate, client_key: client.key }
    expect(await localSender().send(requestTo(receiver.url, { tls }))).toMatchObject({
      status: 200,
      body: 'rowhook',
    })
  })

  test('refuses an endpoint without one', async () => {
    const receiver = await httpReceiver(undefined, wanting)
    const { error } = await localSender().send(requestTo(receiver.url, { tls: { ca_certificate } }))
    expect(error?.code).toMatch(/^(tls|closed)$/) // TLS 1.3 tells only after the handshake, and may lose the race
    expect(receiver.requests).toEqual([])
  })
})

describe('the two ends that do not agree on TLS', () => {
  test('https to a receiver of http', async () => {
    const receiver = await httpReceiver()
    const { error } = await localSender().send(requestTo(receiver.url.replace('http:', 'https:')))
    expect(error).toEqual({
      code: 'tls',
      message: expect.stringMatching(/^TLS: (wrong version number|packet length too long)/),
    })
  })

  test('http to a receiver of https', async () => {
    const receiver = await httpReceiver(undefined, served())
    const { error } = await localSender().send(requestTo(receiver.url.replace('https:', 'http:')))
    expect(error?.code).toBe('closed')
  })

  test('a receiver with nothing newer than TLS 1.1', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const
    const receiver = await httpReceiver(undefined, served(server, old))
    const { error } = await localSender().send(requestTo(receiver.url, { tls: { ca_certificate } }))
    expect(error?.code).toBe('tls')
    await eventually(() => expect(receiver.sockets.every(({ destroyed }) => destroyed)).toBe(true))
  })
})

describe("an endpoint's TLS settings", () => {
  const { certificate: client_certificate, key: client_key } = client

  test.each([
    [{}],
    [{ ca_certificate }],
    [{ ca_certificate: ca_certificate + stranger.certificate }],
    [{ client_certificate, client_key }],
    [{ ca_certificate: null, client_certificate: null, client_key: null }],
  ])('may be these: %#', (tls) => {
    expect(checkTls(tls)).toEqual([])
  })

  test.each([
    [{ ca_certificate: 'hunter2' }, 'ca_certificate', 'is not a certificate in PEM'],
    [{ ca_certificate: client_key }, 'ca_certificate', 'is not a certificate in PEM'],
    [{ client_certificate: 'hunter2', client_key }, 'client_certificate', 'is not a certificate in PEM'],
    [{ client_certificate }, 'client_key', 'is missing'],
    [{ client_key }, 'client_certificate', 'is missing'],
    [{ client_certificate, client_key: 'hunter2' }, 'client_key', 'is not an unencrypted private key in PEM'],
    [{ client_certificate, client_key: server.key }, 'client_key', 'does not belong to client_certificate'],
  ])('cannot be these: %#', (tls, path, message) => {
    const problems = checkTls(tls)
    expect(problems).toEqual([{ path, message: expect.stringContaining(message) }])
    expect(JSON.stringify(problems)).not.toContain('hunter2')
  })
})
