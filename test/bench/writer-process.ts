// Writers as an application has them: sessions on sockets, each of which inserts a row, waits for its commit, and
// inserts the next. Prints how many rows they committed.
import { connect } from '../../src/db/connect.ts'

const [url, clients, seconds] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])]
const sql = connect(url, { max: clients })
const sessions = await Promise.all(Array.from({ length: clients }, () => sql.reserve()))
let written = 0
const end = performance.now() + seconds * 1000
await Promise.all(
  sessions.map(async (session) => {
    while (performance.now() < end) {
      await session`insert into written (v, n) values (${'a note of some length'}, 1)`
      written += 1
    }
  }),
)
process.stdout.write(`${written}\n`)
for (const session of sessions) session.release()
await sql.end()
