// A connection that is lost at the moment when postgres.js asks it for the array types.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { brokenWay, outcome } from './broken-way.ts'

const module = join(import.meta.dirname, '../../../src/db/connect.ts')

test('it fails the query that it was made for, and the process goes on', async () => {
  const db = await createDatabase()
  const way = await brokenWay(db.url, 'b.typarray')
  const said = await outcome(`
    import { connect } from ${JSON.stringify(module)}
    const sql = connect(${JSON.stringify(way.url)}, { max: 1, connect_timeout: 2 })
    void sql\`select 1\`.catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 1000))
    console.log('goes on')
    process.exit(0)`)
  expect(way.broken()).toBeGreaterThan(0)
  expect(said).toBe('goes on (0)')
})

test('any other rejection that nobody handles ends the process, as it should', async () => {
  const said = await outcome(`
    import { connect } from ${JSON.stringify(module)}
    connect('postgres://127.0.0.1/x')
    void Promise.reject(new Error('of something else'))`)
  expect(said).toContain('of something else')
  expect(said).toMatch(/\(1\)$/)
})
