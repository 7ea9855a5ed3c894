// Durations of requests as a histogram: four places for each doubling, so that a percentile read out of
// it is off by a tenth at most, and a minute of a million requests is some dozen numbers.

/** Upper bound of the first place, in milliseconds. */
const finestMs = 0.5
const perDoubling = 4
/** The last place holds everything above 10 minutes. */
const places = 82

/** The place of a duration. */
export function placeOf(durationMs: number): number {
  if (!(durationMs > finestMs)) return 0
  return Math.min(Math.ceil(Math.log2(durationMs / finestMs) * perDoubling), places - 1)
}

/** The duration that stands for a place: the middle of what it holds. */
function durationOf(place: number): number {
  return place === 0 ? finestMs : finestMs * 2 ** ((place - 0.5) / perDoubling)
}

/** The duration that `share` of the requests (0.95) did not exceed; 0 where there is none. */
export function percentile(latency: readonly number[], share: number): number {
  const total = latency.reduce((sum, count) => sum + count, 0)
  let rest = Math.ceil(total * share)
  if (rest === 0) return 0
  const place = latency.findIndex((count) => (rest -= count) <= 0)
  return durationOf(place)
}

/** Adds `more` to `sum`, place by place. */
export function addLatency(sum: number[], more: readonly number[]): void {
  while (sum.length < more.length) sum.push(0)
  for (const [place, count] of more.entries()) sum[place]! += count
}
