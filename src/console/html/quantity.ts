// Numbers, durations and times as people read them.
import { type Html, html } from './html.ts'

const grouped = new Intl.NumberFormat('en')

/** `12,034`. */
export function count(value: number): string {
  return value < 1000 && Number.isInteger(value) ? String(value) : grouped.format(value)
}

/** `1 message`, `12 messages`. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`
}

/** `340 ms`, `2.5 s`, `4 min`, `3 h 20 min`, `2 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1) return ms === 0 ? '0 ms' : 'under 1 ms'
  if (ms < 1000) return `${Math.round(ms)} ms`
  const s = ms / 1000
  if (s < 60) return `${s < 10 ? Number(s.toFixed(1)) : Math.round(s)} s`
  const min = Math.floor(s / 60)
  if (min < 60) return `${min} min`
  const h = Math.floor(min / 60)
  if (h < 24) return min % 60 === 0 ? `${h} h` : `${h} h ${min % 60} min`
  return h % 24 === 0 ? `${Math.floor(h / 24)} d` : `${Math.floor(h / 24)} d ${h % 24} h`
}

/** `0/s`, `0.4/s`, `12.5/s`. */
export function rate(perSecond: number): string {
  return `${perSecond >= 100 ? count(Math.round(perSecond)) : Number(perSecond.toFixed(1))}/s`
}

/**
 * A time as its distance from now. The script puts the person's own clock on it; without a script the
 * title has the exact time in UTC.
 */
export function moment(iso: string, now = Date.now()): Html {
  const ms = Date.parse(iso) - now
  const words = Math.abs(ms) < 1000 ? 'now' : ms > 0 ? `in ${duration(ms)}` : `${duration(-ms)} ago`
  return html`<time datetime="${iso}" title="${iso.replace('T', ' ').replace('Z', ' UTC')}">${words}</time>`
}

/** A time as date and clock time, for lists in which the order of things matters. */
export function clock(iso: string): Html {
  const utc = `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
  return html`<time datetime="${iso}" data-form="clock" title="${iso.replace('T', ' ').replace('Z', ' UTC')}"
    >${utc}</time
  >`
}

/** `0 B`, `340 kB`, `12.5 MB`, `3.1 GB`: powers of 1,024, as Postgres prints them. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let i = 0
  let rest = value
  while (rest >= 1024 && i < units.length - 1) {
    rest /= 1024
    i += 1
  }
  return `${rest >= 100 || i === 0 ? count(Math.round(rest)) : Number(rest.toFixed(1))} ${units[i]}`
}

/** A day of the log, which begins and ends in UTC: `Mon 23 Nov 2026`. */
export function day(iso: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: 'UTC',
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  })
    .format(new Date(iso))
    .replace(',', '')
}
