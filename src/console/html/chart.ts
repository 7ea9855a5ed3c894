// Charts as SVG: a step of time is a bar or a point. Sizes are attributes and colours are classes, because
// the policy allows no inline style. The numbers stand beside, as data: assets/script/chart.js shows those
// under the pointer, and makes a marked stretch of time the chart's own.
import type { Activity } from '../resources.ts'
import { type Content, type Html, html } from './html.ts'
import { clock, count, counted, duration, moment } from './quantity.ts'

type Row = Activity['data'][number]

/** One line or set of bars. */
export interface Series {
  name: string
  value: (row: Row) => number
  tone: 'main' | 'good' | 'warn' | 'bad'
}

const width = 600
const height = 140

/** What a chart shows, and where a marked stretch of it is shown. */
export interface ChartParts {
  title: string
  activity: Activity
  series: readonly Series[]
  /** The address of the page, which takes since and until. */
  zoom: string
}

/** Bars per step on the same scale, later series in front of earlier ones. */
export function barChart(parts: ChartParts): Html {
  const { activity, series } = parts
  const top = roundUp(highest(activity, series))
  const slot = width / activity.steps
  const gap = Math.min(2, slot / 4)
  const bars = activity.data.flatMap((row) =>
    series.map(({ value, tone }) => {
      const high = (value(row) / top) * height
      if (high === 0) return ''
      const x = indexOf(activity, row) * slot + gap / 2
      const w = slot - gap
      return html`<rect
        class="${tone}"
        x="${x.toFixed(1)}"
        y="${(height - Math.max(high, 1.5)).toFixed(1)}"
        width="${w.toFixed(1)}"
        height="${Math.max(high, 1.5).toFixed(1)}"
      />`
    }),
  )
  return figure(parts, top, bars, 'count')
}

/** A line per series; steps without a request break it. */
export function lineChart(parts: ChartParts): Html {
  const { activity, series } = parts
  const top = roundUp(highest(activity, series))
  const slot = width / activity.steps
  const lines = series.toReversed().map(({ value, tone }) => {
    let last = -2
    const path = activity.data.map((row) => {
      const i = indexOf(activity, row)
      const x = ((i + 0.5) * slot).toFixed(1)
      const y = (height - (value(row) / top) * height).toFixed(1)
      const step = i === last + 1 ? `L${x} ${y}` : `M${x} ${y}m${-slot / 2} 0h${slot}m${-slot / 2} 0`
      last = i
      return step
    })
    return html`<path class="line ${tone}" d="${path.join('')}" />`
  })
  return figure(parts, top, lines, 'ms')
}

const printers = { count: (value: number) => count(Math.round(value)), ms: duration }
type Unit = keyof typeof printers

function figure(
  { title, activity, series, zoom }: ChartParts,
  top: number,
  marks: Content,
  unit: Unit,
): Html {
  const print = printers[unit]
  const head = html`<figcaption>
    ${title}
    <span class="legend"
      >${series.map(({ name, tone }) => html`<span class="key ${tone}">${name}</span>`)}</span
    >
  </figcaption>`
  if (activity.data.length === 0) {
    return html`<figure class="chart">
      ${head}
      <p class="nothing">No request in this time.</p>
    </figure>`
  }
  const end = new Date(Date.parse(activity.since) + activity.steps * activity.step_s * 1000)
  const isNow = end.getTime() > Date.now()
  return html`<figure class="chart">
    ${head}
    <div
      class="plot"
      data-since="${activity.since}"
      data-step="${activity.step_s}"
      data-steps="${activity.steps}"
      data-unit="${unit}"
      data-names="${JSON.stringify(series.map(({ name }) => name))}"
      data-points="${JSON.stringify(pointsOf(activity, series))}"
      data-zoom="${zoom}"
    >
      <svg
        viewBox="0 0 ${width} ${height}"
        preserveAspectRatio="none"
        role="img"
        aria-label="${title}: ${spoken(activity, series, print)}"
      >
        <path class="grid" d="M0 .5H${width}M0 ${height / 2}H${width}M0 ${height - 0.5}H${width}" />
        ${marks}
      </svg>
      <span class="top">${print(top)}</span><span class="half">${print(top / 2)}</span>
    </div>
    <div class="axis">
      <span>${isNow ? moment(activity.since) : clock(activity.since)}</span>
      <span>each ${unit === 'count' ? 'bar' : 'point'}: ${duration(activity.step_s * 1000)}</span>
      <span>${isNow ? 'now' : clock(end.toISOString())}</span>
    </div>
  </figure>`
}

/** The numbers of each step by its place; steps without a request are left out. */
function pointsOf(activity: Activity, series: readonly Series[]): Record<number, number[]> {
  return Object.fromEntries(
    activity.data.map((row) => [
      indexOf(activity, row),
      series.map(({ value }) => Number(value(row).toFixed(1))),
    ]),
  )
}

/** A line without axes, as high as a line of text: what was sent in each step of the last hour. */
export function sparkline(messages: readonly number[] | undefined): Html {
  const total = messages?.reduce((sum, each) => sum + each, 0) ?? 0
  if (messages === undefined || total === 0) return html`<span class="none">quiet</span>`
  const [w, h] = [90, 22]
  const top = Math.max(...messages)
  const points = messages.map(
    (each, i) =>
      `${Math.round((i / (messages.length - 1)) * w)} ${Math.round(h - 1 - (each / top) * (h - 3))}`,
  )
  const line = points.join('L')
  const words = `${counted(total, 'message')} in the last hour, at most ${count(top)} in two minutes`
  return html`<svg
    class="spark"
    viewBox="0 0 ${w} ${h}"
    width="${w}"
    height="${h}"
    role="img"
    aria-label="${words}"
  >
    <title>${words}</title>
    <path class="under" d="M0 ${h}L${line}L${w} ${h}Z" />
    <path class="line" d="M${line}" />
  </svg>`
}

/** The last value and the highest of each series, for those who cannot see the chart. */
function spoken({ data }: Activity, series: readonly Series[], print: (value: number) => string): string {
  const last = data.at(-1)!
  return series
    .map(
      ({ name, value }) =>
        `${name} last ${print(value(last))}, at most ${print(Math.max(...data.map(value)))}`,
    )
    .join('; ')
}

const highest = ({ data }: Activity, series: readonly Series[]): number =>
  Math.max(1, ...data.flatMap((row) => series.map(({ value }) => value(row))))

/** The next of 1, 2, 5, 10 …: a scale that can be read. */
export function roundUp(value: number): number {
  const size = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map((each) => each * size).find((each) => each >= value)!
}

const indexOf = ({ since, step_s }: Activity, row: Row): number =>
  Math.round((Date.parse(row.at) - Date.parse(since)) / 1000 / step_s)
