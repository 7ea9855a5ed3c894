// Sockets to Postgres, connected and with TLS in place. postgres.js can do both by itself; why it
// does not here:
//
// - When a connection breaks, Node tells `error` first and `close` some time later. A query that is
//   issued in between (by whoever just caught the error and tries again) is neither sent nor failed
//   by postgres.js 3.4: it hangs for ever, and its pool slot with it. So `error` is held back until
//   `close`, and both are told as one, once what is to be written is (see `writtenFirst`).
// - A pool that is ended while it connects leaves that connection open; here it is closed.
// - What the server says when it refuses a connection may reach nobody (see `endingAtOnce`).
// - It compares the certificate of an IP address with "localhost", and IPv6 hosts break it.
import { once } from 'node:events'
import { Socket, connect as connectTcp, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { DatabaseTarget } from './url.ts'

/** Protocol 1234.5679 in place of a version: "do you speak TLS?" One byte comes back, S or N. */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])

/** Opens the sockets of a pool, and closes those that outlive it. */
export interface SocketSource {
  /** What postgres.js takes as its `socket` option. */
  open: () => Promise<Socket>
  /** Closes what is open: nothing was heard of the server for too long. */
  drop: () => void
  /** Closes what is open, and whatever opens after. */
  close: () => void
}

/** The sockets of one pool; `connect` makes one. */
export function socketSource(connect: () => Promise<OpenSocket>): SocketSource {
  const sockets = new Set<Socket>()
  let closed = false
  const open = async () => {
    try {
      const { socket } = await connect()
      if (closed) socket.destroy()
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      return endingAtOnce(socket)
    } catch (error) {
      return failing(error as Error)
    }
  }
  const drop = () => {
    const late = Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })
    for (const socket of sockets) socket.destroy(late)
  }
  const close = () => {
    closed = true
    for (const socket of sockets) socket.destroy()
  }
  return { open, drop, close }
}

/** A socket, and which of the hosts it leads to. */
export interface OpenSocket {
  socket: Socket
  host: string
  port: number
}

/**
 * Connects to the first of the target's hosts that answers, and secures the connection as it asks.
 * @param timeoutMs for each host
 * @throws the error of the last host
 */
export async function openSocket(target: DatabaseTarget, timeoutMs: number): Promise<OpenSocket> {
  const { socketFolder, socketPort, hosts } = target
  if (socketFolder !== undefined) {
    const socket = await withDeadline(new Socket(), timeoutMs, async (fresh) =>
      connected(fresh.connect(`${socketFolder}/.s.PGSQL.${socketPort}`)),
    )
    return { socket, host: socketFolder, port: socketPort }
  }
  for (const [index, { host, port }] of hosts.entries()) {
    try {
      const socket = await withDeadline(connectTcp({ host, port }), timeoutMs, async (fresh) =>
        secured(await connected(fresh), host, target),
      )
      return { socket, host, port }
    } catch (error) {
      if (index === hosts.length - 1) throw error
    }
  }
  throw new Error('no host was given')
}

async function withDeadline(
  socket: Socket,
  timeoutMs: number,
  work: (socket: Socket) => Promise<Socket>,
): Promise<Socket> {
  const late = Object.assign(new Error('no answer in time'), { code: 'CONNECT_TIMEOUT' })
  const timer = setTimeout(() => socket.destroy(late), timeoutMs)
  try {
    return await work(socket)
  } catch (error) {
    socket.on('error', () => {}) // what else it says on its way down
    socket.destroy()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

async function connected(socket: Socket): Promise<Socket> {
  await once(socket, 'connect')
  return socket.setNoDelay(true)
}

async function secured(plain: Socket, host: string, { tls }: DatabaseTarget): Promise<Socket> {
  if (tls === false) return plain
  if (!(await speaksTls(plain))) {
    if (tls === 'prefer') return plain
    throw Object.assign(new Error('the server does not speak TLS'), { code: 'TLS_REFUSED' })
  }
  const options = tls === 'prefer' ? { rejectUnauthorized: false } : tls
  // `host` is what the certificate is compared with; a server name must not be an address.
  const socket = connectTls({ socket: plain, host, ...(isIP(host) ? {} : { servername: host }), ...options })
  await once(socket, 'secureConnect')
  return socket
}

async function speaksTls(socket: Socket): Promise<boolean> {
  const answer = new Promise<Buffer>((resolve, reject) => {
    const closed = () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' }))
    const settle = (then: () => void) => {
      socket.off('data', received).off('error', failed).off('close', closed)
      then()
    }
    const received = (bytes: Buffer) => settle(() => resolve(bytes))
    const failed = (error: Error) => settle(() => reject(error))
    socket.on('data', received).on('error', failed).on('close', closed)
  })
  socket.write(sslRequest)
  const text = (await answer).toString('latin1')
  // More than the one byte would be somebody's attempt to slip plain text into the session.
  if (text !== 'S' && text !== 'N')
    throw Object.assign(new Error('not a Postgres server'), { code: 'NOT_POSTGRES' })
  return text === 'S'
}

/**
 * Tells `error` and `close` together, and after what is still to be written in this turn of the loop; a refusal of
 * the server is such an error. postgres.js 3.4 overhears it where the connection before was ended in the midst of
 * a query: it takes it for that query's, and connects anew for ever while the one that waits hears nothing.
 */
function endingAtOnce(socket: Socket): Socket {
  const emit = socket.emit.bind(socket)
  const overhear = refusals()
  let failure: Error | undefined
  socket.emit = (event: string | symbol, ...values: unknown[]) => {
    if (event === 'data') failure ??= overhear(values[0] as Buffer)
    if (event === 'error') {
      failure ??= values[0] as Error
      return true
    }
    if (event !== 'close') return emit(event, ...values)
    setImmediate(() => {
      if (failure !== undefined) emit('error', failure)
      writtenFirst(() => emit('close', failure !== undefined))
    })
    return true
  }
  return socket
}

/** Reads what a server says before it is ready for the first query; the returned function finds its refusal. */
function refusals(): (bytes: Buffer) => Error | undefined {
  let unread: Buffer | undefined = Buffer.alloc(0)
  return (bytes) => {
    if (unread === undefined) return undefined
    unread = Buffer.concat([unread, bytes])
    while (unread.length >= 5) {
      const [kind, end] = [String.fromCharCode(unread[0]!), 1 + unread.readUInt32BE(1)]
      if (unread.length < end) return undefined
      const message = unread.subarray(5, end)
      unread = unread.subarray(end)
      if (kind !== 'E' && kind !== 'Z') continue
      unread = undefined
      return kind === 'E' ? refusalOf(message) : undefined
    }
    return undefined
  }
}

/** An ErrorResponse: fields of a letter and a text, each ended by a NUL. */
function refusalOf(message: Buffer): Error {
  const fields = new Map(
    message
      .toString()
      .split('\0')
      .map((field) => [field.slice(0, 1), field.slice(1)]),
  )
  const [code, severity] = [fields.get('C'), fields.get('V') ?? fields.get('S')]
  return Object.assign(new Error(fields.get('M')), { code, severity })
}

/**
 * Tells postgres.js of a closed socket. If it has something to write just then, it clears the immediate that would
 * write it, and takes it for set ever after: no connection that it makes in this one's place writes anything again,
 * and whatever is asked of it waits for as long as connecting may take. So that is written first, to nobody.
 */
function writtenFirst(tell: () => void): void {
  const { clearImmediate: clear } = globalThis
  globalThis.clearImmediate = (immediate) => {
    globalThis.clearImmediate = clear
    const write = (immediate as { _onImmediate?: (() => void) | null } | null | undefined)?._onImmediate
    clear(immediate)
    write?.()
  }
  try {
    tell()
  } finally {
    globalThis.clearImmediate = clear
  }
}

/** A socket that never was: postgres.js loses a pool slot when the factory itself throws. */
function failing(error: Error): Socket {
  const socket = endingAtOnce(new Socket())
  setImmediate(() => socket.destroy(error))
  return socket
}
