import { expect, test } from 'vitest'
import { nextSize } from '../../../src/backfill/source.ts'
import { parseSnapshot } from '../../../src/backfill/snapshot.ts'

const manner = { readMs: 100, minRows: 50 }

test('a snapshot sees what had committed below it, and nothing that ran or came later', () => {
  const { sees } = parseSnapshot('100:110:102,105')
  expect(['1', '99', '100', '101', '103', '109'].map(sees)).not.toContain(false)
  expect(['102', '105', '110', '111', '9000000000'].map(sees)).not.toContain(true)
})

test('a snapshot while nothing ran', () => {
  const { sees } = parseSnapshot('4294967400:4294967400:')
  expect(sees('4294967399')).toBe(true)
  expect(sees('4294967400')).toBe(false)
})

test('the size of a chunk follows what a read takes, by a factor of two at most', () => {
  expect(nextSize(1000, 1000, 100, manner)).toBe(1000)
  expect(nextSize(1000, 1000, 1, manner)).toBe(2000)
  expect(nextSize(1000, 1000, 125, manner)).toBe(800)
  expect(nextSize(1000, 1000, 5000, manner)).toBe(500)
  expect(nextSize(60, 60, 5000, manner)).toBe(50)
  expect(nextSize(50_000, 50_000, 10, manner)).toBe(50_000)
})

test('where no read is as short as it should be, it still brings some rows', () => {
  expect(nextSize(300, 300, 500, { readMs: 8, minRows: 200 })).toBe(200)
})

test('a read that was cut off for its bytes or its time makes the next one smaller', () => {
  expect(nextSize(1000, 300, 250, manner)).toBe(500)
  expect(nextSize(1000, 900, 100, manner)).toBe(900)
})
