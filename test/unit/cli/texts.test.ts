import { describe, expect, test } from 'vitest'
import { progressLine } from '../../../src/cli/commands/progress.ts'
import { planLines, planSummary } from '../../../src/cli/commands/plan-text.ts'
import { caretLines } from '../../../src/cli/commands/tables.ts'
import { summaryOf } from '../../../src/cli/commands/listen.ts'
import { timeOf } from '../../../src/cli/time.ts'
import { painter } from '../../../src/cli/terminal/text.ts'

test('a plan reads as a diff', () => {
  const changes = [
    {
      action: 'create',
      kind: 'endpoint',
      name: 'app',
      diff: [
        { path: 'url', after: 'https://x' },
        { path: 'headers', after: {} },
      ],
    },
    {
      action: 'update',
      kind: 'sink',
      name: 'orders',
      diff: [
        { path: 'batch_size', before: 1, after: 10 },
        { path: 'filter', before: 'a', after: null },
      ],
    },
    { action: 'delete', kind: 'retention', name: 'public.x', diff: [{ path: 'keep', before: '1 day' }] },
  ] as Parameters<typeof planLines>[0]
  expect(planLines(changes, painter(false))).toEqual([
    '+ endpoint app',
    '    url: "https://x"',
    '~ sink orders',
    '    batch_size: 1 → 10',
    '    filter: "a" → null',
    '- retention public.x',
  ])
  expect(planSummary(changes, 'planned')).toBe('1 to create, 1 to change, 1 to delete.')
  expect(planSummary([], 'done')).toBe('Nothing to do: the configuration is that of the document.')
})

test('progress shows share, rows and time left', () => {
  const history = { id: 'x', state: 'active' as const, rows_total: 1000, rows_done: 250, error: null }
  expect(progressLine(history, 5000)).toBe(
    '[########----------------------] 25 %  250 of 1000 rows, 15 s left',
  )
  expect(progressLine({ ...history, rows_total: null }, 5000)).toBe('250 rows')
  expect(progressLine({ ...history, state: 'paused' }, 5000)).toContain('paused')
  expect(progressLine({ ...history, rows_done: 1200 }, 5000)).toContain('100 %')
})

describe('a filter that is wrong', () => {
  test('is shown with a caret under the fault', () => {
    expect(caretLines('mrr >> 1', 5)).toEqual(['  mrr >> 1', '      ^'])
    expect(caretLines('a = 1 and\nb >> 1', 13)).toEqual(['  b >> 1', '    ^'])
    expect(caretLines('x', null)).toEqual([])
  })
})

test('times are RFC 3339, or durations ago', () => {
  const now = Date.parse('2026-11-23T10:00:00Z')
  expect(timeOf('since', '2h', now)).toBe('2026-11-23T08:00:00.000Z')
  expect(timeOf('since', '2026-11-23T08:10:00Z', now)).toBe('2026-11-23T08:10:00Z')
  expect(() => timeOf('since', 'yesterday', now)).toThrow('--since is a time such as')
})

test('a request is summed up by its first message', () => {
  const message = {
    action: 'update',
    metadata: { table_schema: 'public', table_name: 'orders', record_pks: ['1', 'a'] },
  }
  expect(summaryOf(JSON.stringify({ data: [message] }))).toBe('update public.orders 1:a')
  expect(summaryOf(JSON.stringify({ data: [message, message, message] }))).toBe(
    'update public.orders 1:a and 2 more',
  )
  expect(summaryOf(JSON.stringify(message))).toBe('update public.orders 1:a')
  expect(summaryOf('no JSON')).toBe('')
})
