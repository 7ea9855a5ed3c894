// What undici alone reaches against a receiver: the ceiling that draining is compared with. Sixteen
// connections, each sending the next request when the last was answered.
import { Pool } from 'undici'

const [origin, count, bytes, connections] = [process.argv[2]!, ...process.argv.slice(3).map(Number)] as [
  string,
  number,
  number,
  number,
]
const pool = new Pool(origin, { connections, pipelining: 1 })
const body = 'x'.repeat(bytes)
let left = count
async function worker(): Promise<void> {
  while (left-- > 0) {
    const { body: answer } = await pool.request({
      path: '/',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    await answer.dump()
  }
}
await Promise.all(Array.from({ length: connections }, worker))
await pool.close()
