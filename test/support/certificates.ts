// X.509 certificates for tests, made on the spot: nothing to commit, nothing that expires, no openssl on
// the machine. Just enough DER for a CA and what it issues; ECDSA on P-256 throughout.

import { createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { isIP } from 'node:net'

/** A certificate and its key, PEM. */
export interface Identity {
  certificate: string
  key: string
}

/** What a certificate is issued for. */
export interface IssueOptions {
  /** Host names and IPv4 addresses. */
  hosts?: string[]
  notAfter?: Date
}

export interface Authority {
  /** Its own certificate, PEM. */
  certificate: string
  issue(name: string, options?: IssueOptions): Identity
}

const DAY_MS = 86_400_000

/** A new certificate authority. */
export function createAuthority(name: string): Authority {
  const { privateKey, publicKey } = newKeys()
  const own = { subject: name, publicKey, issuer: name, issuerKey: privateKey, isAuthority: true }
  return {
    certificate: certificate({ ...own, hosts: [], notAfter: tomorrow() }),
    issue(subject, { hosts = [], notAfter = tomorrow() } = {}) {
      const keys = newKeys()
      const issued = { subject, publicKey: keys.publicKey, issuer: name, issuerKey: privateKey }
      return {
        certificate: certificate({ ...issued, isAuthority: false, hosts, notAfter }),
        key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      }
    },
  }
}

interface Contents {
  subject: string
  publicKey: KeyObject
  issuer: string
  issuerKey: KeyObject
  isAuthority: boolean
  hosts: string[]
  notAfter: Date
}

function certificate(contents: Contents): string {
  const { subject, publicKey, issuer, issuerKey, isAuthority, hosts, notAfter } = contents
  const algorithm = sequence(oid('2a8648ce3d040302')) // ecdsa-with-SHA256
  const extensions = [
    extension('551d13', sequence(...(isAuthority ? [der(0x01, Buffer.from([0xff]))] : []))), // basicConstraints
    ...(hosts.length > 0 ? [extension('551d11', sequence(...hosts.map(alternativeName)))] : []),
  ]
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])), // serial number, positive
    algorithm,
    commonName(issuer),
    sequence(time(new Date(Date.now() - 365 * DAY_MS)), time(notAfter)),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  )
  const signature = sign('sha256', body, issuerKey)
  const whole = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
  const lines = whole.toString('base64').match(/.{1,64}/g)!
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function newKeys(): { privateKey: KeyObject; publicKey: KeyObject } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

function tomorrow(): Date {
  return new Date(Date.now() + DAY_MS)
}

function der(tag: number, value: Buffer): Buffer {
  const { length } = value
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), value])
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), der(0x04, value))
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))))
}

function alternativeName(host: string): Buffer {
  return isIP(host) === 4 ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host))
}

function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]/g, '').slice(0, 14)
  return der(0x18, Buffer.from(`${digits}Z`)) // GeneralizedTime
}
