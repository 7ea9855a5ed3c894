import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { barChart, lineChart } from '../../../src/console/html/chart.ts'
import { data } from '../../../src/console/html/data.ts'
import { html } from '../../../src/console/html/html.ts'
import { duration, moment, rate } from '../../../src/console/html/quantity.ts'

/** Markup with the spaces inside of tags as a person would write them. */
const text = (content: unknown) =>
  String(content).replaceAll(/<[^<>]*>/g, (tag) => tag.replaceAll(/\s+/g, ' ').replace(/ (\/?>)$/, '$1'))

describe('data', () => {
  test('never becomes markup, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (given) => {
        const inside = text(data(given)).replaceAll(/<\/?(?:bdi|span)(?: class="(?:control|cut)")?>/g, '')
        expect(inside).not.toMatch(/[<>"']/)
      }),
    )
  })

  test('names the characters that cannot be seen or would reorder others', () => {
    expect(text(data('exe.\u202Egnp\u0000\u{E0041}'))).toBe(
      '<bdi>exe.<span class="control">U+202E</span>gnp<span class="control">U+0000</span><span class="control">U+E0041</span></bdi>',
    )
  })

  test('keeps line ends and tabs', () => {
    expect(text(data('a\n\tb'))).toBe('<bdi>a\n\tb</bdi>')
  })

  test('is cut, and says by how much', () => {
    expect(text(data('x'.repeat(1_000_000), 3))).toBe(
      '<bdi>xxx<span class="cut">… 999,997 more characters</span></bdi>',
    )
  })

  test('is escaped in attributes too', () => {
    expect(text(html`<a title="${`"onclick='x'`}"></a>`)).toBe('<a title="&quot;onclick=&#39;x&#39;"></a>')
  })
})

describe('quantities', () => {
  test.each([
    [0, '0 ms'],
    [0.2, 'under 1 ms'],
    [340, '340 ms'],
    [2500, '2.5 s'],
    [59_000, '59 s'],
    [61_000, '1 min'],
    [3_600_000, '1 h'],
    [5_400_000, '1 h 30 min'],
    [90_000_000, '1 d 1 h'],
  ])('%d ms is read as %s', (ms, words) => {
    expect(duration(ms)).toBe(words)
  })

  test.each([
    [0, '0/s'],
    [0.44, '0.4/s'],
    [12.5, '12.5/s'],
    [1234.5, '1,235/s'],
  ])('%d a second is read as %s', (perSecond, words) => {
    expect(rate(perSecond)).toBe(words)
  })

  test('a time is its distance from now, with the exact one in the title', () => {
    const now = Date.parse('2026-11-23T10:00:00Z')
    expect(text(moment('2026-11-23T09:59:52Z', now))).toBe(
      '<time datetime="2026-11-23T09:59:52Z" title="2026-11-23 09:59:52 UTC">8 s ago</time>',
    )
    expect(text(moment('2026-11-23T10:02:00Z', now))).toContain('>in 2 min<')
  })
})

describe('a chart', () => {
  const row = (minute: number, messages: number) => ({
    at: new Date(Date.UTC(2026, 10, 23, 9, minute)).toISOString(),
    messages,
    requests: messages,
    failed: 0,
    p50_ms: messages,
    p95_ms: messages,
    p99_ms: messages,
  })
  const activity = {
    since: '2026-11-23T09:00:00.000Z',
    step_s: 60,
    steps: 60,
    data: [row(0, 10), row(1, 5), row(30, 20)],
  }
  const series = [
    { name: 'messages', value: (each: { messages: number }) => each.messages, tone: 'good' as const },
  ]
  const parts = (of: typeof activity) => ({ title: 'Messages', activity: of, series, zoom: '/sinks/a' })

  test('draws a bar for each step, the highest over the whole height', () => {
    const bars = [
      ...text(barChart(parts(activity))).matchAll(
        /<rect class="good" x="([\d.]+)" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"/gs,
      ),
    ]
    expect(bars.map(([, x, y, height]) => [x, y, height].map(Number))).toEqual([
      [1, 70, 70],
      [11, 105, 35],
      [301, 0, 140],
    ])
  })

  test('breaks a line where nothing was sent', () => {
    const [, path] = /class="line good" d="([^"]+)"/.exec(text(lineChart(parts(activity))))!
    expect(path!.match(/M/g)).toHaveLength(2)
    expect(path!.match(/L/g)).toHaveLength(1)
  })

  test('says its last and highest values to those who cannot see it', () => {
    expect(text(barChart(parts(activity)))).toContain('aria-label="Messages: messages last 20, at most 20"')
  })

  test('says in words that there is nothing', () => {
    expect(text(barChart(parts({ ...activity, data: [] })))).toContain('No request in this time.')
  })
})
