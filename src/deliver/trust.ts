// Groups whose last request succeeded, for telling a receiver that is down from one that does not like
// some messages. While nothing fails, only the last ones are noted, which costs next to nothing.

export interface Trust {
  /** A request of the group succeeded. */
  served(key: string): void
  /** A request of the group failed. */
  failed(key: string): void
  has(key: string): boolean
  /** Groups that are trusted; 0 while nothing has failed yet. */
  readonly size: number
}

const maxNoted = 1024
const maxTrusted = 10_000

/** Makes a memory of groups, empty. */
export function createTrust(): Trust {
  const noted: string[] = []
  let at = 0
  let trusted: Set<string> | undefined

  function add(keys: Set<string>, key: string): void {
    // at the end again: the first ones are forgotten first
    keys.delete(key)
    keys.add(key)
    if (keys.size > maxTrusted) keys.delete(keys.values().next().value!)
  }

  return {
    served(key) {
      if (key === '') return
      if (trusted !== undefined) add(trusted, key)
      else noted[at++ % maxNoted] = key
    },
    failed(key) {
      trusted ??= new Set(noted)
      trusted.delete(key)
    },
    has: (key) => trusted !== undefined && trusted.has(key),
    get size() {
      return trusted?.size ?? 0
    },
  }
}
