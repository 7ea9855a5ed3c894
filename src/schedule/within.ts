// A limit on how long something is waited for.

/** @throws Error with `code` DEADLINE when the promise is not settled in time; it goes on unobserved */
export function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const late = Object.assign(new Error(`not done after ${ms} ms`), { code: 'DEADLINE' })
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late), ms)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
