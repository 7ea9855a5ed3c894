import { statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { connect } from '../../src/db/connect.ts'
import { install } from '../../src/db/install.ts'
import { readRelease } from '../../src/db/release.ts'
import { atEnd } from '../support/at-end.ts'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { insertItems, keepChanging, tallyOf } from '../support/items.ts'
import { ownServer } from '../support/server.ts'
import { smallDisk } from '../support/small-disk.ts'
import { withDatabase } from '../support/template.ts'

const codeOf = (error: unknown) => (error as { code?: string }).code

test('on a full disk writes fail as they do without rowhook, and all goes on when there is space again', async ({
  skip,
}) => {
  const server = await ownServer()
  const disk = smallDisk(statSync(server.dataDir), 64)
  if (disk === undefined) return skip('a small file system cannot be mounted here: root on Linux can')
  const admin = connect(server.url, { max: 1 })
  await admin.unsafe(`create tablespace small location '${disk.folder}'`)
  await admin`create database shop tablespace small`
  await admin.end()
  const url = withDatabase(server.url, 'shop')
  await install(url, readRelease())
  const sql = connect(url, { max: 4 })
  atEnd(() => sql.end({ timeout: 1 }))
  await sql`create table bare (note text)`
  const stage = await setStage({ database: { url, adminUrl: url, name: 'shop', sql, drop: async () => {} } })
  const { table, receiver } = await stage.sink({
    batch_size: 3,
    // failures are to be noted down, too, while nothing can be
    respond: (_, index) => ({ status: index % 10 === 7 ? 500 : 200 }),
  })
  await insertItems(sql, table, 1, 30, 'x'.repeat(1000))
  const writer = keepChanging(sql, table, 30, 50)
  await receiver.waitFor(100)
  expect(writer.failures).toEqual([])

  disk.fill()
  await eventually(() => expect(writer.failures.length).toBeGreaterThan(50), { timeoutMs: 30_000 })
  const withoutRowhook = await eventually(async () => {
    const error: unknown =
      await sql`insert into bare select repeat(md5(i::text), 200) from generate_series(1, 1000) i`.catch(
        (reason: unknown) => reason,
      )
    expect(codeOf(error)).toBe('53100')
    return error
  })
  expect(new Set(writer.failures.map(codeOf))).toEqual(new Set([codeOf(withoutRowhook)]))
  expect((await stage.rowhook.api('GET', '/healthz')).status).toBe(200)

  disk.free()
  const failed = writer.failures.length
  const arrived = receiver.messages.length
  await receiver.waitFor(arrived + 100, { timeoutMs: 20_000 })
  await writer.stop()
  expect(writer.failures.length - failed).toBeLessThan(5) // at most those that were under way
  expect(await tallyOf(sql, table, receiver, { timeoutMs: 30_000 })).toMatchObject({ lost: 0, outOfOrder: 0 })
  expect(await stage.rowhook.kill('SIGTERM')).toMatchObject({ code: 0 })
}, 90_000)
