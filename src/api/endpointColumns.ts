// What was asked of an endpoint → the columns of its row: checked, merged with what is stored, secrets
// sealed. And back: an endpoint as it is shown. Reads and writes no database.
import type { Config } from '../config.ts'
import { checkUrl } from '../deliver/address.ts'
import { checkHeaders } from '../deliver/headers.ts'
import { newSecret, parseSecret } from '../deliver/sign.ts'
import { checkTls } from '../deliver/tls.ts'
import { InputError, type InputProblem } from '../errors.ts'
import {
  addSigningSecret,
  changeHeaders,
  openClientKey,
  replaceSigningSecret,
  sealClientKey,
} from './endpointSecrets.ts'
import { type EndpointInput, type EndpointPatch, type EndpointShown, mask } from './schema/endpoint.ts'
import type { EndpointColumns, EndpointRow } from './store/endpoints.ts'

/** Keys, and the private networks that may be reached. */
export type EndpointRules = Pick<Config, 'keyRing' | 'allowNetworks'>

/** Columns to store, and the signing secret if one was made: the only time that it can be shown. */
export interface PreparedEndpoint {
  columns: EndpointColumns
  madeSecret?: string
}

/**
 * The columns of a new endpoint with this id.
 * @throws InputError pointing at each field that is wrong
 */
export function prepareEndpoint(
  rules: EndpointRules,
  id: string,
  input: EndpointInput,
  now: Date,
): PreparedEndpoint {
  return merge(rules, id, unset, input, now)
}

/**
 * The columns of `row` after a change. Fields that are not given stay; `headers` is replaced whole,
 * `encrypted_headers` by name. What is given as it was is stored as it was.
 * @throws InputError pointing at each field that is wrong
 */
export function patchEndpoint(
  rules: EndpointRules,
  row: EndpointRow,
  patch: EndpointPatch,
  now: Date,
): PreparedEndpoint {
  return merge(rules, row.id, columnsOf(row), patch, now)
}

/** The columns of `row` with a new signing secret, beside which the former signs for `overlapMs`. */
export function rotateSecret(
  { keyRing }: EndpointRules,
  row: EndpointRow,
  times: { now: Date; overlapMs: number },
): Required<PreparedEndpoint> {
  const madeSecret = newSecret()
  const signing_secrets = addSigningSecret(keyRing, row.id, row.signing_secrets, madeSecret, times)
  return { columns: { ...columnsOf(row), signing_secrets }, madeSecret }
}

/** An endpoint as it is shown: secrets masked. */
export function showEndpoint(row: EndpointRow, now: Date): EndpointShown {
  return {
    id: row.id,
    name: row.name,
    url: row.url,
    headers: row.headers,
    encrypted_headers: Object.fromEntries(Object.keys(row.encrypted_headers).map((header) => [header, mask])),
    signing_secrets: row.signing_secrets
      .filter(({ expires_at }) => expires_at === null || expires_at > now.toISOString())
      .map(({ created_at, expires_at }) => ({ created_at, expires_at })),
    ca_certificate: row.ca_certificate,
    client_certificate: row.client_certificate,
    client_key: row.client_key === null ? null : mask,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }
}

/** The columns of a row that callers write. */
export function columnsOf(row: EndpointRow): EndpointColumns {
  const {
    name,
    url,
    headers,
    encrypted_headers,
    signing_secrets,
    ca_certificate,
    client_certificate,
    client_key,
  } = row
  return {
    name,
    url,
    headers,
    encrypted_headers,
    signing_secrets,
    ca_certificate,
    client_certificate,
    client_key,
  }
}

const unset: EndpointColumns = {
  name: '',
  url: '',
  headers: {},
  encrypted_headers: {},
  signing_secrets: [],
  ca_certificate: null,
  client_certificate: null,
  client_key: null,
}

function merge(
  rules: EndpointRules,
  id: string,
  stored: EndpointColumns,
  patch: EndpointPatch,
  now: Date,
): PreparedEndpoint {
  const { keyRing, allowNetworks } = rules
  const { name = stored.name, url = stored.url, headers = stored.headers } = patch
  // A URL that was accepted stays acceptable to edits of other fields, though its network was closed since.
  const problems = url === stored.url && stored !== unset ? [] : checkUrl(url, { allow: allowNetworks })
  problems.push(...headerProblems(headers, stored, patch))
  const encrypted_headers = changeHeaders(
    keyRing,
    id,
    stored.encrypted_headers,
    patch.encrypted_headers ?? {},
    problems,
  )
  const tls = changeTls(rules, id, stored, patch, problems)
  if (problems.length > 0) throw new InputError(problems)

  const given = patch.signing_secret ?? mask
  const madeSecret = given === mask && stored.signing_secrets.length === 0 ? newSecret() : undefined
  const secret = given === mask ? madeSecret : parseSecret(given)
  const signing_secrets =
    secret === undefined
      ? stored.signing_secrets
      : replaceSigningSecret(keyRing, id, stored.signing_secrets, secret, now)
  const columns = { name, url, headers, encrypted_headers, signing_secrets, ...tls }
  return madeSecret === undefined ? { columns } : { columns, madeSecret }
}

/** Stored encrypted headers were checked when they were given; here they only occupy their names. */
function headerProblems(
  headers: Record<string, string>,
  stored: EndpointColumns,
  { encrypted_headers = {} }: EndpointPatch,
): InputProblem[] {
  const given = Object.entries(encrypted_headers)
  const named = new Set(given.map(([name]) => name.toLowerCase()))
  const kept = Object.keys(stored.encrypted_headers).filter((name) => !named.has(name.toLowerCase()))
  const set = given.flatMap(([name, value]) => (value === null ? [] : [[name, value]]))
  return checkHeaders({
    headers,
    encrypted_headers: Object.fromEntries([...kept.map((name) => [name, mask]), ...set]),
  })
}

function changeTls(
  { keyRing }: EndpointRules,
  id: string,
  stored: EndpointColumns,
  patch: EndpointPatch,
  problems: InputProblem[],
): Pick<EndpointColumns, 'ca_certificate' | 'client_certificate' | 'client_key'> {
  const { ca_certificate = stored.ca_certificate, client_certificate = stored.client_certificate } = patch
  const touched = [patch.ca_certificate, patch.client_certificate, patch.client_key].some(
    (field) => field !== undefined,
  )
  if (!touched) return { ca_certificate, client_certificate, client_key: stored.client_key }
  // A key whose certificate goes, goes too, unless it is named.
  const storedKey = client_certificate === null && patch.client_key === undefined ? null : stored.client_key
  const given = patch.client_key === undefined ? mask : patch.client_key
  const key = given !== mask ? given : storedKey === null ? null : openClientKey(keyRing, id, storedKey)
  problems.push(...checkTls({ ca_certificate, client_certificate, client_key: key }))
  const client_key = key === null || problems.length > 0 ? null : sealClientKey(keyRing, id, key, storedKey)
  return { ca_certificate, client_certificate, client_key }
}
