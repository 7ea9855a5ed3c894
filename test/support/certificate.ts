// X.509 certificates for TLS tests, made when they are needed: no private key lies in the repository,
// none expires there, and no openssl program has to be on the machine. Writes just the DER that a
// CA and a server certificate need (RFC 5280).
import { type KeyObject, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'

/** PEM texts. */
export interface Certificate {
  cert: string
  key: string
}

const oid = {
  commonName: '550403',
  ecdsaWithSha256: '2a8648ce3d040302',
  basicConstraints: '551d13',
  subjectAltName: '551d11',
}

/** A certificate authority of its own: give its `cert` to clients as the trusted root. */
export function certificateAuthority(): Certificate {
  const isAuthority = extension(oid.basicConstraints, sequence(der(0x01, Buffer.from([0xff]))))
  return make({ subject: 'rowhook test authority', issuer: undefined, extensions: [isAuthority] })
}

/**
 * A server certificate, signed by the authority.
 * @param names host names and IP addresses
 * @param options.expired valid until yesterday
 */
export function certificate(
  authority: Certificate,
  names: string[],
  options: { expired?: boolean } = {},
): Certificate {
  const alternatives = names.map((name) =>
    isIP(name) === 4
      ? der(0x87, Buffer.from(name.split('.').map(Number)))
      : der(0x82, Buffer.from(name, 'ascii')),
  )
  return make({
    subject: names[0] ?? 'nobody',
    issuer: createPrivateKey(authority.key),
    extensions: [extension(oid.subjectAltName, sequence(...alternatives))],
    validUntil: options.expired ? Date.now() - 86_400_000 : undefined,
  })
}

interface Content {
  subject: string
  /** The key that signs; undefined: its own. */
  issuer: KeyObject | undefined
  extensions: Buffer[]
  validUntil?: number | undefined
}

function make({ subject, issuer, extensions, validUntil }: Content): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(objectId(oid.ecdsaWithSha256))
  const day = 86_400_000
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(15)])), // serial number
    algorithm,
    name('rowhook test authority'),
    sequence(time(Date.now() - 2 * day), time(validUntil ?? Date.now() + 30 * day)),
    name(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  )
  const signature = sign('sha256', content, issuer ?? privateKey)
  const whole = sequence(content, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
  return {
    cert: pem(whole),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** A value with its tag and length. */
function der(tag: number, value: Buffer): Buffer {
  const { length } = value
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), value])
}

const sequence = (...parts: Buffer[]) => der(0x30, Buffer.concat(parts))
const objectId = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const name = (text: string) =>
  sequence(der(0x31, sequence(objectId(oid.commonName), der(0x0c, Buffer.from(text)))))
const extension = (id: string, value: Buffer) => sequence(objectId(id), der(0x04, value))
const time = (ms: number) => der(0x18, Buffer.from(new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '')))

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').replaceAll(/.{64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}
