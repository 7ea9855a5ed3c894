import { expect, test } from 'vitest'
import { failureOf } from '../../../src/deliver/failure.ts'

test('a message of any length and content can be stored: no half characters, no NUL', () => {
  const { message } = failureOf(new Error(`\0${'x'.repeat(297)}\u{1F600}${'y'.repeat(50)}`))
  expect(message).toBe(`\uFFFD${'x'.repeat(297)}\uFFFD…`)
  expect(JSON.stringify(message)).not.toMatch(/\\u(?:0000|d[89a-f])/)
})
