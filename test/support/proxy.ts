// A TCP proxy between the code under test and a server, to break the network on command.
import { once } from 'node:events'
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'
import { atEnd } from './at-end.ts'

/** A proxy on 127.0.0.1. */
export interface Proxy {
  readonly port: number
  /** The URL that was given, with the proxy's address in it. */
  readonly url: string
  /** Connections that are open now. */
  connectionCount(): number
  /** Resets every connection, and each new one, until `resume`. */
  cut(): void
  /** A black hole: connections stay open and are accepted, and no byte passes, until `resume`. */
  stall(): void
  /** Lets everything pass again, what had been held back by `stall` first. */
  resume(): void
  /** New connections go to the server of this URL; those that are open stay where they are. */
  leadTo(target: string): void
}

/**
 * Starts a proxy to the server of a URL (postgres:// or http://).
 * It ends with the test, or, from `beforeAll`, with the file.
 */
export async function proxy(target: string): Promise<Proxy> {
  const url = new URL(target)
  let upstreamAt = placeOf(url)
  let mode: 'pass' | 'cut' | 'stall' = 'pass'
  const pairs = new Set<[Socket, Socket]>()
  let waiting: Socket[] = []

  const server = createServer({ pauseOnConnect: true }, (client) => {
    client.on('error', () => {})
    if (mode === 'cut') client.resetAndDestroy()
    else if (mode === 'stall') waiting.push(client)
    else join(client)
  })

  function join(client: Socket): void {
    const upstream = connect(upstreamAt)
    upstream.on('error', () => client.resetAndDestroy())
    const pair: [Socket, Socket] = [client, upstream]
    pairs.add(pair)
    for (const socket of pair) {
      socket.setNoDelay(true)
      socket.on('close', () => {
        pairs.delete(pair)
        for (const other of pair) other.destroy()
      })
    }
    client.pipe(upstream)
    upstream.pipe(client)
    client.resume()
  }

  const closeAll = () => {
    for (const socket of [...[...pairs].flat(), ...waiting]) socket.resetAndDestroy()
    waiting = []
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  url.host = `127.0.0.1:${port}`
  atEnd(() => {
    server.close()
    closeAll()
  })
  return {
    port,
    url: url.href,
    connectionCount: () => pairs.size + waiting.length,
    cut: () => {
      mode = 'cut'
      closeAll()
    },
    stall: () => {
      mode = 'stall'
      for (const [client, upstream] of pairs) {
        client.unpipe(upstream)
        upstream.unpipe(client)
        client.pause()
        upstream.pause()
      }
    },
    resume: () => {
      if (mode === 'pass') return
      mode = 'pass'
      for (const [client, upstream] of pairs) {
        client.pipe(upstream)
        upstream.pipe(client)
      }
      const held = waiting
      waiting = []
      for (const client of held) join(client)
    },
    leadTo: (other) => {
      upstreamAt = placeOf(new URL(other))
    },
  }
}

function placeOf({ protocol, hostname, port }: URL): { host: string; port: number } {
  return { host: hostname, port: Number(port || (protocol === 'http:' ? 80 : 5432)) }
}
