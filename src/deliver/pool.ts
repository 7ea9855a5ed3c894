// The connections to one receiver. Each carries one exchange at a time, so there are never more than
// exchanges in flight, and whoever limits those (the sink's concurrency) limits connections too.
//
// Not undici's own Pool: it searches a list on every request and cannot give up a connection that is
// still being made, so that one request's deadline would leave its socket behind.

import { Client } from 'undici'
import type { Dispatcher } from 'undici'
import type { Dial, DialPhase } from './connect.ts'

// A receiver moved by DNS is found again, and a revoked address dropped, within this time.
const MAX_AGE_MS = 300_000

// Node's and Apache's idle timeout is 5 s, and both announce it, which undici heeds. For the receivers
// that announce nothing, this is below what servers are commonly set to.
const IDLE_MS = 4_000

const MAX_HEADERS_BYTES = 16_384

/** A pool's receiver: where to connect, and how. */
export interface Receiver {
  /** Scheme, host and port of what is connected to: the receiver, or the proxy in front of it. */
  origin: string
  dial: Dial
}

export class Connection {
  /** What it waits for before it can carry a request; undefined once it can. */
  phase: DialPhase | undefined
  readonly #client: Client
  readonly #pool: ConnectionPool
  #giveUp: (() => void) | undefined
  #openedAt = Number.POSITIVE_INFINITY

  constructor({ origin, dial }: Receiver, pool: ConnectionPool) {
    this.#pool = pool
    this.#client = new Client(origin, {
      pipelining: 1,
      // The exchange's one deadline stands for all of undici's.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: IDLE_MS,
      maxHeaderSize: MAX_HEADERS_BYTES,
      connect: (options, callback) => {
        this.#giveUp = dial(options, callback, (phase) => (this.phase = phase))
      },
    })
    this.#client.on('connect', () => {
      this.phase = undefined
      this.#giveUp = undefined
      this.#openedAt = performance.now()
    })
    this.#client.on('disconnect', () => pool.disconnected(this))
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#client.dispatch(options, handler)
  }

  /** Whether it is too old to be used again. */
  isStale(now: number): boolean {
    return now - this.#openedAt > MAX_AGE_MS
  }

  /** Ends its exchange: after one that ended well it waits for the next, otherwise it is dropped. */
  release(clean: boolean): void {
    if (clean) this.#pool.takeBack(this)
    else this.destroy()
  }

  /** Drops the socket, whatever it is doing, also one that is still being made. */
  destroy(): void {
    this.#client.destroy(() => {})
    this.#giveUp?.()
  }
}

export class ConnectionPool {
  readonly #receiver: Receiver
  readonly #idle: Connection[] = []
  #retired = false

  constructor(receiver: Receiver) {
    this.#receiver = receiver
  }

  /** A connection for one exchange: the one used last, so that those beyond the need idle out. */
  acquire(now: number): Connection {
    let connection: Connection | undefined
    while ((connection = this.#idle.pop()) !== undefined) {
      if (!connection.isStale(now)) return connection
      connection.destroy()
    }
    return new Connection(this.#receiver, this)
  }

  /** For Connection only: its exchange ended well. */
  takeBack(connection: Connection): void {
    if (this.#retired) connection.destroy()
    else this.#idle.push(connection)
  }

  /** Closes the idle connections now, and each other one when its exchange is over. */
  retire(): void {
    this.#retired = true
    for (const connection of this.#idle.splice(0)) connection.destroy()
  }

  /**
   * For Connection only: its socket is gone. When that happens in use it is not in the list: undici tells
   * its exchange or, when the request was not yet sent, dials again.
   */
  disconnected(connection: Connection): void {
    const index = this.#idle.indexOf(connection)
    if (index === -1) return
    this.#idle.splice(index, 1)
    connection.destroy()
  }
}
