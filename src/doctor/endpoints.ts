// Can each endpoint be reached from here, and can its secrets be read?
import type postgres from 'postgres'
import { decrypt, needsRotation } from '../secret/cipher.ts'
import { clientKeyIdentity, headerIdentity, signingIdentity } from '../secret/identity.ts'
import type { KeyRing } from '../secret/ring.ts'
import type { Reach } from '../deliver/reach.ts'
import type { TlsOptions } from '../deliver/tls.ts'
import { type Finding, counted, findingsOf, someOf } from './finding.ts'

/** An endpoint as it is stored. */
export interface StoredEndpoint {
  id: string
  name: string
  url: string
  encrypted_headers: Record<string, string>
  signing_secrets: { ciphertext: string }[]
  ca_certificate: string | null
  client_certificate: string | null
  client_key: string | null
  /** Active sinks that send to it. */
  sinks: number
}

/** What came of looking at one. */
export interface EndpointState {
  name: string
  sinks: number
  /** Why no connection came about; null: one did; undefined: none was tried. */
  unreachable?: string | null
  /** Why its secrets cannot be read; null: they can. */
  unreadable: string | null
  /** Secrets that another key than the newest encrypted. */
  outdated: number
}

const reachTimeoutMs = 5000
/** Connections that are tried at a time. */
const breadth = 10

export async function readEndpoints(
  sql: postgres.Sql,
  ring: KeyRing,
  reach: Reach | undefined,
): Promise<EndpointState[]> {
  const rows = await sql<StoredEndpoint[]>`
    select e.id, e.name, e.url, e.encrypted_headers, e.signing_secrets, e.ca_certificate, e.client_certificate,
      e.client_key,
      (select count(*)::int from rowhook.sink k where k.endpoint_id = e.id and k.status = 'active') as sinks
    from rowhook.endpoint e order by e.name`
  const states: EndpointState[] = []
  for (let i = 0; i < rows.length; i += breadth) {
    states.push(...(await Promise.all(rows.slice(i, i + breadth).map((row) => look(row, ring, reach)))))
  }
  return states
}

async function look(row: StoredEndpoint, ring: KeyRing, reach: Reach | undefined): Promise<EndpointState> {
  const { name, sinks } = row
  const { unreadable, outdated, tls } = readSecrets(row, ring)
  const state = { name, sinks, unreadable, outdated }
  if (reach === undefined || tls === undefined) return state
  const failure = await reach(row.url, tls, reachTimeoutMs)
  return { ...state, unreachable: failure?.message ?? null }
}

function readSecrets(
  row: StoredEndpoint,
  ring: KeyRing,
): { unreadable: string | null; outdated: number; tls?: TlsOptions } {
  const { id, ca_certificate, client_certificate, client_key } = row
  const stored: [string, string][] = [
    ...Object.entries(row.encrypted_headers).map(([name, text]): [string, string] => [
      headerIdentity(id, name),
      text,
    ]),
    ...row.signing_secrets.map(({ ciphertext }): [string, string] => [signingIdentity(id), ciphertext]),
  ]
  const outdated = stored.filter(([, text]) => needsRotation(ring, text)).length
  try {
    for (const [identity, text] of stored) decrypt(ring, identity, text)
    const key = client_key === null ? null : decrypt(ring, clientKeyIdentity(id), client_key)
    return { unreadable: null, outdated, tls: { ca_certificate, client_certificate, client_key: key } }
  } catch (error) {
    return { unreadable: (error as Error).message, outdated }
  }
}

export function checkEndpoints(endpoints: readonly EndpointState[]): Finding[] {
  const { ok, note, warning, problem } = findingsOf('endpoints')
  const tried = endpoints.filter(({ unreachable }) => unreachable !== undefined)
  const failed = tried.filter(({ unreachable }) => unreachable !== null)
  if (endpoints.length > 0 && tried.length === 0) return [note('no connection to an endpoint was tried')]
  if (failed.length === 0) return [ok(`${counted(tried.length, 'endpoint')} reached from here`)]
  return failed.map(({ name, sinks, unreachable }) => {
    const used = sinks === 0 ? 'no active sink uses it' : `used by ${counted(sinks, 'active sink')}`
    const message = `endpoint ${name} cannot be reached from here: ${unreachable} (${used})`
    const todo =
      'See that its URL is right, and that this machine may go there; rowhook endpoints test tries a whole request.'
    return sinks === 0 ? warning(message, todo) : problem(message, todo)
  })
}

export function checkSecrets(endpoints: readonly EndpointState[]): Finding[] {
  const { ok, note, problem } = findingsOf('secrets')
  const unreadable = endpoints.filter((each) => each.unreadable !== null)
  if (unreadable.length > 0) {
    return [
      problem(
        `secrets of ${someOf(unreadable.map(({ name }) => name))} cannot be read: ${unreadable[0]!.unreadable}`,
        'Set ROWHOOK_ENCRYPTION_KEY to the key that they were stored with, or put it behind the newer one, after a comma.',
      ),
    ]
  }
  const outdated = endpoints.reduce((sum, each) => sum + each.outdated, 0)
  const findings = [ok(`secrets of ${counted(endpoints.length, 'endpoint')} can be read`)]
  if (outdated > 0) {
    findings.push(
      note(
        `${counted(outdated, 'secret')} of ${someOf(endpoints.filter((each) => each.outdated > 0).map(({ name }) => name))} are encrypted with an older key`,
        'Before that key goes: rowhook endpoints update NAME, for each, encrypts its secrets with the newest one.',
      ),
    )
  }
  return findings
}
