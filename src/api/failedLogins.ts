// The limit on wrong tokens per address. Kept in memory: each process guards itself, and a restart
// forgives. A token that was right before passes a block, so that whoever guesses from behind a shared
// proxy does not lock out those who know theirs.

const windowMs = 60_000
const allowedFailures = 20
/** Addresses and digests remembered at most; the oldest are forgotten first. */
const capacity = 10_000

/** Counts wrong tokens by address: 20 a minute, then none is looked at until the minute is over. */
export class FailedLogins {
  readonly #failures = new Map<string, { count: number; until: number }>()
  readonly #known = new Map<string, true>()

  /** Seconds until a token from `address` is looked at again; 0: now. */
  blockedFor(address: string, digest: string, now: Date): number {
    const entry = this.#failures.get(address)
    if (entry === undefined || entry.count < allowedFailures || this.#known.has(digest)) return 0
    return Math.max(0, Math.ceil((entry.until - now.getTime()) / 1000))
  }

  failed(address: string, now: Date): void {
    const entry = this.#failures.get(address)
    if (entry !== undefined && entry.until > now.getTime()) entry.count++
    else remember(this.#failures, address, { count: 1, until: now.getTime() + windowMs })
  }

  succeeded(digest: string): void {
    remember(this.#known, digest, true)
  }
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > capacity) map.delete(map.keys().next().value!)
}
