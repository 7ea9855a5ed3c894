// Errors of connecting, as one line for a person: what happened, where, and the next step. Owns no
// errors of statements, save those that say that this role or server will not do at all.
import { type DatabaseTarget, parseDatabaseUrl } from './url.ts'

type Describe = (target: DatabaseTarget, place: string, error: ErrorFields) => string

interface ErrorFields {
  code?: string
  message?: string
  /** Of an error of the server; FATAL: it ended the connection. */
  severity?: string
}

const unreachable: Describe = (_, place) =>
  `${place} did not answer; check the host, the port, and that no firewall stands between`
const untrusted: Describe = (_, place, { code }) =>
  `the certificate of ${place} is not trusted (${code}); add sslrootcert=<the file of its CA> to DATABASE_URL, or sslmode=no-verify to go without the check`
const closed: Describe = (_, place) =>
  `${place} closed the connection at once; check that it is a Postgres server and accepts this client`

/** What 55000 is called here where it ends a connection. */
const closedCode = 'FATAL 55000'

const descriptions: Record<string, Describe> = {
  ECONNREFUSED: (_, place) =>
    `nothing listens at ${place}; start the database server, or correct the host and port in DATABASE_URL`,
  ENOENT: (_, place) => `there is no socket at ${place}; start the database server, or correct DATABASE_URL`,
  ENOTFOUND: (_, place) => `the host of ${place} is not known; correct it in DATABASE_URL`,
  EAI_AGAIN: (_, place) =>
    `the host of ${place} could not be looked up; check the name, and this machine's DNS`,
  ETIMEDOUT: unreachable,
  CONNECT_TIMEOUT: unreachable,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  ECONNRESET: closed,
  EPIPE: closed,
  CONNECTION_CLOSED: closed,
  NOT_POSTGRES: (_, place) =>
    `what answers at ${place} is no Postgres server; correct the host and port in DATABASE_URL`,
  TLS_REFUSED: (_, place) =>
    `${place} does not speak TLS, and DATABASE_URL asks for it; switch TLS on there, or use sslmode=disable`,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: (_, place) => `the certificate of ${place} has expired; renew it there`,
  CERT_NOT_YET_VALID: (_, place) => `the certificate of ${place} is not valid yet; check both clocks`,
  ERR_TLS_CERT_ALTNAME_INVALID: (_, place) =>
    `the certificate of ${place} is for another name; use the name that it was made for, or sslmode=verify-ca`,
  NO_SUITABLE_HOST: (_, place) =>
    `no server of ${place} is what target_session_attrs asks for; wait until one is promoted, or correct DATABASE_URL`,
  // Postgres's own codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
  '28P01': (target, place) =>
    `the password of role ${role(target)} is wrong at ${place}; correct it in DATABASE_URL`,
  '28000': (target, place, { message = '' }) =>
    /no encryption|SSL off/.test(message)
      ? `${place} accepts TLS only; add sslmode=require to DATABASE_URL`
      : `role ${role(target)} may not connect to ${place}: ${message}; correct the role in DATABASE_URL, or the server's pg_hba.conf`,
  '3D000': (target, place) =>
    `there is no database "${databaseName(target)}" at ${place}; make it with: create database "${databaseName(target)}", or correct DATABASE_URL`,
  '53300': (_, place) => `${place} has no connection left; raise its limit, or lower what others use`,
  '57P03': (_, place) => `${place} is starting or stopping; try again in some seconds`,
  // of a statement, the code means something else
  [closedCode]: (target, place, { message = '' }) =>
    /not currently accepting/.test(message)
      ? `database "${databaseName(target)}" at ${place} takes no connections; let it with: alter database "${databaseName(target)}" allow_connections true, or correct DATABASE_URL`
      : `${place}: ${message}; correct DATABASE_URL, or mend that database`,
  SASL_SIGNATURE_MISMATCH: (_, place) =>
    `${place} could not prove that it knows the password; is it the right server?`,
}

/** Whether an error came from reaching or entering the database, not from a statement. */
export function isConnectionError(error: unknown): boolean {
  return fieldsOf(error).code! in descriptions || isTlsFailure(fieldsOf(error))
}

/**
 * One line that says what went wrong with a connection and what to do; never the password.
 * @param url the database URL that was used
 */
export function describeConnectionError(error: unknown, url: string): string {
  const target = parseDatabaseUrl(url)
  const fields = fieldsOf(error)
  const place = placeOf(target)
  const describe = descriptions[fields.code ?? '']
  if (describe !== undefined) return describe(target, place, fields)
  const message = (fields.message ?? 'no reason given').replace(/\s+/g, ' ')
  if (isTlsFailure(fields)) {
    return `no TLS connection to ${place}: ${message}; check sslmode, sslrootcert, sslcert and sslkey in DATABASE_URL`
  }
  return `${place}: ${message}`
}

function fieldsOf(error: unknown): ErrorFields {
  // Several addresses of one name (::1 and 127.0.0.1) fail as one AggregateError.
  if (error instanceof AggregateError && error.errors.length > 0) return fieldsOf(error.errors[0])
  if (typeof error === 'object' && error !== null) return { code: '', ...pick(error as ErrorFields) }
  return { code: '', message: String(error) }
}

const pick = ({ code, message, severity }: ErrorFields): ErrorFields => ({
  ...(typeof code === 'string' ? { code: code === '55000' && severity === 'FATAL' ? closedCode : code } : {}),
  ...(typeof message === 'string' ? { message } : {}),
})

const isTlsFailure = ({ code = '' }: ErrorFields) => /^ERR_(SSL|TLS|OSSL)/.test(code)

function placeOf({ hosts, socketFolder }: DatabaseTarget): string {
  if (socketFolder !== undefined) return socketFolder
  return hosts
    .map(({ host, port }) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`))
    .join(',')
}

const role = ({ user }: DatabaseTarget) => (user === undefined ? 'of this connection' : `"${user}"`)

const databaseName = ({ database, user }: DatabaseTarget) => database ?? user ?? ''
