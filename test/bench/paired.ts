// Measurements that take turns: A B C, B C A, … so that whatever else happens on the machine happens to
// all of them, and a ratio is made within each round before the median is taken.

/** What each variant took or reached, round by round. */
export type Rounds<Name extends string> = Record<Name, number[]>

/** Measures every variant once a round, each round beginning with another one. */
export async function takeTurns<Name extends string>(
  rounds: number,
  names: readonly Name[],
  measure: (name: Name, round: number) => Promise<number>,
): Promise<Rounds<Name>> {
  const taken = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Rounds<Name>
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length]!
      taken[name].push(await measure(name, round))
    }
  }
  return taken
}

/** The median of the rounds' ratios. */
export function ratioOf(above: readonly number[], below: readonly number[]): number {
  return median(above.map((value, round) => value / below[round]!))
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
