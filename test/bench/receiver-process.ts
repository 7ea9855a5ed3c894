// A receiver in a process of its own that costs as little as a receiver can: it reads requests off the
// socket by content-length and answers 200. Counts requests and messages' bytes, and notes when each
// message was captured against when it arrived, if asked to. Speaks JSON lines on its parent's channel.
import { createServer } from 'node:net'

const answer = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
const head = Buffer.from('\r\n\r\n')
let requests = 0
let first = 0
let last = 0
let latencies: number[] = []
let measure = false

const server = createServer((socket) => {
  socket.setNoDelay(true)
  let pending: Buffer = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (data: Buffer) => {
    pending = pending.length === 0 ? data : Buffer.concat([pending, data])
    for (;;) {
      const end = pending.indexOf(head)
      if (end < 0) return
      const match = /content-length: (\d+)/i.exec(pending.toString('latin1', 0, end))
      const total = end + 4 + Number(match?.[1] ?? 0)
      if (pending.length < total) return
      count(pending.subarray(end + 4, total))
      pending = pending.subarray(total)
      socket.write(answer)
    }
  })
})

function count(body: Buffer): void {
  const now = Date.now()
  if (first === 0) first = performance.now()
  last = performance.now()
  requests++
  if (!measure || !body.includes('"sent_at"')) return
  for (const m of body.toString().matchAll(/"sent_at":"?([\d.]+)/g)) latencies.push(now - Number(m[1]))
}

process.on('message', (m: { do: 'reset' | 'read'; measure?: boolean }) => {
  if (m.do === 'reset') {
    requests = first = last = 0
    latencies = []
    measure = m.measure ?? false
    process.send!({ reset: true })
  } else {
    process.send!({ requests, ms: last - first, latencies })
  }
})
server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as { port: number }).port }))
