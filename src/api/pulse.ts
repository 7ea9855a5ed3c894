// Tells those who look at sinks that something has happened. All of a process share one query an interval,
// which is also where a revoked token is noticed; while nobody looks, nothing is asked.
import type { Look } from './store/signs.ts'

/** Somebody who looks. */
export interface Watcher {
  /** Name of the one sink that it is about; undefined: all. */
  sink: string | undefined
  /** The token that it was let in with; undefined: the root token, which lasts as long as the process. */
  tokenId: string | undefined
  /**
   * Names of sinks that changed since the last time, or are gone. The first time, of all that it is about: what
   * happened since its page was made may have been told to others already.
   */
  changed(names: readonly string[]): void
  /** Nothing further is told. */
  ended(): void
}

export interface Pulse {
  /** @returns takes the watcher off again */
  watch(watcher: Watcher): () => void
  /** Ends all: the process stops. */
  close(): void
}

/** Between two looks passes this many times as long as a look takes, at least. */
const rest = 10

/**
 * @param look store/signs.ts on a database
 * @param everyMs between two looks at least
 */
export function createPulse(
  look: (wanted: string[] | null, named: string[], tokens: string[]) => Promise<Look>,
  onError: (error: unknown) => void,
  everyMs = 1000,
): Pulse {
  const watchers = new Set<Watcher>()
  const untold = new Set<Watcher>()
  let signs = new Map<string, string>()
  let timer: NodeJS.Timeout | undefined
  let looking = false
  let closed = false

  async function beat(): Promise<void> {
    timer = undefined
    looking = true
    const start = performance.now()
    try {
      const asked = [...watchers]
      const named = [...new Set(asked.flatMap(({ sink }) => sink ?? []))]
      const tokens = [...new Set(asked.flatMap(({ tokenId }) => tokenId ?? []))]
      const isForAll = asked.some(({ sink }) => sink === undefined)
      tell(asked, await look(isForAll ? null : named, named, tokens))
    } catch (error) {
      // The database is away: the next look tells what happened meanwhile.
      onError(error)
    }
    looking = false
    schedule(Math.max(everyMs, (performance.now() - start) * rest))
  }

  function tell(asked: readonly Watcher[], { sinks, tokens }: Look): void {
    const good = new Set(tokens)
    const now = new Map(sinks.map(({ name, sign }) => [name, sign]))
    const changed = sinks.filter(({ name, sign }) => signs.get(name) !== sign).map(({ name }) => name)
    for (const name of signs.keys()) if (!now.has(name)) changed.push(name)
    const all = sinks.map(({ name }) => name)
    signs = now
    for (const watcher of asked) {
      if (!watchers.has(watcher)) continue
      if (watcher.tokenId !== undefined && !good.has(watcher.tokenId)) {
        watchers.delete(watcher)
        untold.delete(watcher)
        watcher.ended()
        continue
      }
      const news = untold.delete(watcher) ? all : changed
      const names = watcher.sink === undefined ? news : news.filter((name) => name === watcher.sink)
      if (names.length > 0) watcher.changed(names)
    }
  }

  function schedule(inMs: number): void {
    if (closed || looking || watchers.size === 0) return
    timer ??= setTimeout(() => void beat(), inMs)
  }

  return {
    watch(watcher) {
      if (closed) watcher.ended()
      else {
        watchers.add(watcher)
        untold.add(watcher)
      }
      schedule(everyMs)
      return () => {
        watchers.delete(watcher)
        untold.delete(watcher)
        if (watchers.size > 0) return
        clearTimeout(timer)
        timer = undefined
        signs = new Map()
      }
    },
    close() {
      closed = true
      clearTimeout(timer)
      for (const watcher of watchers) watcher.ended()
      watchers.clear()
    },
  }
}
