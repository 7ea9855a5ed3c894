// Dialling a receiver straight: the one place where a socket to a receiver is opened (proxy.ts opens
// those to a proxy). Which addresses are allowed is decided in address.ts, when it is done in pool.ts.

import { buildConnector } from 'undici'
import { isIP } from 'node:net'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { guardedLookup, refuseLiteral } from './address.ts'
import type { Resolve } from './address.ts'
import type { Networks } from './networks.ts'
import { tlsOptions } from './tls.ts'
import type { TlsOptions } from './tls.ts'

/** How far a connection has come; what a timeout's text says it was waiting for. */
export type DialPhase = 'dns' | 'connect' | 'tls'

/**
 * Opens a connection as undici asks for it and calls back once it can carry requests. `progress` is told
 * each phase as it begins. Returns how to give up, after which the callback may get an error.
 */
export type Dial = (
  options: buildConnector.Options,
  callback: buildConnector.Callback,
  progress: (phase: DialPhase) => void,
) => () => void

/** Where a connection may go and how. */
export interface GuardedConnectorOptions {
  allow: Networks
  /** Default: the system's resolver, all addresses of the name. */
  resolve?: Resolve | undefined
  tls?: TlsOptions | null | undefined
}

// Between two addresses of one name. Node's default, 250 ms, gives up on receivers on the other side of
// the world before they could answer, and then reports only the failure of the last address.
const ATTEMPT_TIMEOUT_MS = 500

/**
 * A dial that connects to nothing but allowed addresses, and to the very ones that it checked: names
 * through the guarded lookup, literals before. Host header and TLS server name stay those of the URL.
 */
export function guardedConnector({ allow, resolve, tls }: GuardedConnectorOptions): Dial {
  const connect = buildConnector({
    ...tlsOptions(tls),
    lookup: guardedLookup(allow, resolve),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ATTEMPT_TIMEOUT_MS,
    allowH2: false,
    timeout: 0, // the exchange's one deadline covers this too
  })
  return (options, callback, progress) => {
    const refusal = refuseLiteral(options.hostname, allow)
    if (refusal !== undefined) {
      process.nextTick(callback, refusal, null)
      return () => {}
    }
    return watch(connect(options, callback), options, progress)
  }
}

/** Reports the phases of a socket under way, and returns what ends it. */
function watch(
  opened: unknown,
  { hostname, protocol }: buildConnector.Options,
  progress: (phase: DialPhase) => void,
): () => void {
  // undici's connector returns its socket, though its types do not say so; without it the socket of a
  // given-up connection would stay until the other side lets go. A test keeps an eye on this.
  const socket = opened as Socket | TLSSocket
  progress(isIP(hostname) === 0 ? 'dns' : 'connect')
  socket.once('lookup', () => progress('connect'))
  if (protocol === 'https:') socket.once('connect', () => progress('tls'))
  return () => socket.destroy()
}
