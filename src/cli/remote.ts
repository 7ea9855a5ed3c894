// The admin API over HTTP.
import { ConfigError } from '../errors.ts'
import { type Client, createClient } from './client.ts'

/** Where the API is when nothing is said. */
export const defaultUrl = 'http://127.0.0.1:7447'

/**
 * A client of the API at this URL.
 * @throws ConfigError when it is no URL; calls throw one when nothing answers there
 */
export function connectRemote(url: string, token: string | undefined): Client {
  const base = URL.parse(url)
  if (base === null || !/^https?:$/.test(base.protocol)) {
    throw new ConfigError(`ROWHOOK_URL is not a URL such as ${defaultUrl}`)
  }
  const place = base.origin + base.pathname.replace(/\/+$/, '')
  return createClient({
    place,
    local: false,
    token,
    async send(path, init) {
      try {
        return await fetch(place + path, { ...init, redirect: 'manual' })
      } catch (error) {
        if (init.signal?.aborted === true) throw error
        throw new ConfigError(`${place} cannot be reached: ${reasonOf(error)}`, {
          hint: 'Is `rowhook start` running there? ROWHOOK_URL names another place, DATABASE_URL a database.',
          cause: error,
        })
      }
    },
  })
}

/** fetch says only "fetch failed"; why stands in its cause, of several addresses in the first one's. */
function reasonOf(error: unknown): string {
  const cause = (error as { cause?: unknown }).cause
  const first = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause
  if (first instanceof Error) return 'code' in first ? String(first.code) : first.message
  return (error as Error).message
}
