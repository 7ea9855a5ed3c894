// Charts as SVG: a step of time is a bar or a point. Numbers are also in a table for those who cannot
// see them. Sizes are attributes and colours are classes, because the policy allows no inline style.
import type { Activity } from '../resources.ts'
import { type Content, type Html, html } from './html.ts'
import { count, duration } from './quantity.ts'

type Row = Activity['data'][number]

/** One line or set of bars. */
export interface Series {
  name: string
  value: (row: Row) => number
  tone: 'main' | 'good' | 'warn' | 'bad'
}

const width = 600
const height = 120
const steps = 60

/** Bars per step, the series beside one another on the same scale. */
export function barChart(title: string, activity: Activity, series: readonly Series[]): Html {
  const top = highest(activity, series)
  const slot = width / steps
  const bars = activity.data.flatMap((row) =>
    series.map(({ value, tone }, i) => {
      const high = (value(row) / top) * height
      if (high === 0) return ''
      const x = indexOf(activity, row) * slot + 1 + (i * (slot - 2)) / series.length
      const w = (slot - 2) / series.length
      return html`<rect
        class="${tone}"
        x="${x.toFixed(1)}"
        y="${(height - Math.max(high, 1.5)).toFixed(1)}"
        width="${w.toFixed(1)}"
        height="${Math.max(high, 1.5).toFixed(1)}"
      />`
    }),
  )
  return figure(title, activity, series, count(Math.round(top)), bars, count)
}

/** A line per series; steps without a request break it. */
export function lineChart(title: string, activity: Activity, series: readonly Series[]): Html {
  const top = highest(activity, series)
  const slot = width / steps
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
  return figure(title, activity, series, duration(top), lines, duration)
}

function figure(
  title: string,
  activity: Activity,
  series: readonly Series[],
  top: string,
  marks: Content,
  print: (value: number) => string,
): Html {
  const isEmpty = activity.data.length === 0
  const hours = (activity.step_s * steps) / 3600
  return html`<figure class="chart">
    <figcaption>
      ${title}
      <span class="legend"
        >${series.map(({ name, tone }) => html`<span class="key ${tone}">${name}</span>`)}</span
      >
    </figcaption>
    ${
      isEmpty
        ? html`<p class="nothing">No request in this time.</p>`
        : html`<div class="plot">
              <span class="top">${top}</span>
              <svg
                viewBox="0 0 ${width} ${height}"
                preserveAspectRatio="none"
                role="img"
                aria-label="${title}: ${spoken(activity, series, print)}"
              >
                <path class="grid" d="M0 .5H${width}M0 ${height / 2}H${width}M0 ${height - 0.5}H${width}" />
                ${marks}
              </svg>
            </div>
            <div class="axis"><span>${hours} h ago</span><span>now</span></div>`
    }
  </figure>`
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

const indexOf = ({ since, step_s }: Activity, row: Row): number =>
  Math.round((Date.parse(row.at) - Date.parse(since)) / 1000 / step_s)
