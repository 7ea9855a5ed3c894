// Whether a connection to a receiver comes about, as a delivery would open it: the same guard on
// addresses, the same TLS, the same proxy. Sends no request.
import { failureOf, timedOut } from './failure.ts'
import type { Failure } from './failure.ts'
import type { DialPhase } from './connect.ts'
import { wayTo } from './route.ts'
import type { RouteOptions } from './route.ts'
import type { TlsOptions } from './tls.ts'

/** Tries a connection; resolves with why none came about, undefined when one did. Never rejects. */
export type Reach = (url: string, tls: TlsOptions | null, timeoutMs: number) => Promise<Failure | undefined>

/** Makes the function that tries connections; each is closed at once. */
export function createReach(options: RouteOptions): Reach {
  return (url, tls, timeoutMs) =>
    new Promise((resolve) => {
      let phase: DialPhase = 'connect'
      let giveUp = (): void => {}
      const timer = setTimeout(() => {
        resolve(timedOut(timeoutMs, phase))
        giveUp()
      }, timeoutMs)
      try {
        const { origin, dial } = wayTo(new URL(url), tls, options)
        const { hostname, protocol, port, host } = new URL(origin)
        giveUp = dial(
          // as undici's client gives them
          { hostname: hostname.replace(/^\[|\]$/g, ''), host, protocol, port },
          (error, socket) => {
            clearTimeout(timer)
            socket?.destroy()
            resolve(error === null ? undefined : failureOf(error))
          },
          (reached) => (phase = reached),
        )
      } catch (error) {
        clearTimeout(timer)
        resolve(failureOf(error))
      }
    })
}
