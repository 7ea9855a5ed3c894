// From a place in the SQL that was printed for the planner back to the user's own text, so that
// "operator does not exist: text > integer" points at what the user wrote.

import type { FilterPart, Origin, Printed } from './print.ts'

/**
 * The position in the user's text (1-based, in characters) for a place in the rendered filter.
 *
 * `render` has to be what the parts were joined with; `offset` counts characters from the start of
 * the rendered filter, from 0. Undefined where nothing at or before the place came from the text.
 */
export function userPosition(
  printed: Pick<Printed, 'parts' | 'origins'>,
  render: (part: FilterPart) => string,
  offset: number,
): number | undefined {
  let found: number | undefined
  let start = 0
  let next = 0
  for (const [i, part] of printed.parts.entries()) {
    for (; next < printed.origins.length; next++) {
      const [index, within, position] = printed.origins[next] as Origin
      if (index !== i) break
      if (start + characters(typeof part === 'string' ? part.slice(0, within) : '') > offset) return found
      found = position
    }
    start += characters(render(part))
    if (start > offset) return found
  }
  return found
}

function characters(text: string): number {
  return Array.from(text).length
}
