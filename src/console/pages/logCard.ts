// How large the logs are, by day, and what keeps a day that is old enough to go.
import { data } from '../html/data.ts'
import { type Content, html } from '../html/html.ts'
import { type Column, table } from '../html/list.ts'
import { bytes, count, day } from '../html/quantity.ts'
import type { LogPartition } from '../resources.ts'

/** Days to come are made ahead; as long as they are empty they say nothing. */
const emptyBytes = 128 * 1024

/** @param partitions of both logs */
export function logCard(partitions: readonly LogPartition[]): Content {
  const days = new Map<string | null, Partial<Record<LogPartition['log'], LogPartition>>>()
  for (const partition of partitions) {
    days.set(partition.starts_at, { ...days.get(partition.starts_at), [partition.log]: partition })
  }
  const now = Date.now()
  const shown = [...days].filter(([starts_at, { event, delivery }]) =>
    starts_at === null
      ? days.size === 1 || (event?.bytes ?? 0) + (delivery?.bytes ?? 0) > emptyBytes
      : Date.parse(starts_at) <= now,
  )
  const ahead = [...days.keys()].filter((at) => at !== null && Date.parse(at) > now).length
  const total = (log: LogPartition['log']) =>
    partitions.reduce((sum, each) => (each.log === log ? sum + each.bytes : sum), 0)
  const most = Math.max(
    1,
    ...shown.map(([, { event, delivery }]) => (event?.bytes ?? 0) + (delivery?.bytes ?? 0)),
  )
  const columns: readonly Column<(typeof shown)[number]>[] = [
    {
      heading: 'Day (UTC)',
      cell: ([starts_at]) => (starts_at === null ? 'outside of all days' : day(starts_at)),
    },
    {
      heading: 'Size',
      kind: 'wide',
      cell: ([, { event, delivery }]) =>
        html`<svg class="size" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
          <rect class="main" width="${share(event, most)}" height="8" />
          <rect class="soft" x="${share(event, most)}" width="${share(delivery, most)}" height="8" />
        </svg>`,
    },
    { heading: 'Changes', kind: 'number', cell: ([, { event }]) => sizeOf(event) },
    { heading: 'Requests', kind: 'number', cell: ([, { delivery }]) => sizeOf(delivery) },
    {
      heading: 'Kept beyond its time for',
      kind: 'wide',
      cell: ([, { event }]) =>
        event?.kept_for ? data(event.kept_for, 200) : html`<span class="none">–</span>`,
    },
  ]
  return html`<section class="card" id="log">
    <div class="card-head">
      <h2>Size of the log</h2>
      <span class="legend">
        <span class="key main">changes, ${bytes(total('event'))}</span>
        <span class="key soft">requests, ${bytes(total('delivery'))}</span>
      </span>
    </div>
    ${table('Size of the log by day', columns, shown)}
    <p class="below">
      Days are dropped whole, once they are old enough and nothing needs them. ${ahead} days to come are made
      ahead.
    </p>
  </section>`
}

const share = (partition: LogPartition | undefined, most: number) =>
  (((partition?.bytes ?? 0) / most) * 100).toFixed(1)

function sizeOf(partition: LogPartition | undefined): Content {
  if (partition === undefined) return html`<span class="none">–</span>`
  const { rows } = partition
  return html`${bytes(partition.bytes)}${
    rows !== null && rows > 0 && html` <span class="below">about ${count(rows)}</span>`
  }`
}
