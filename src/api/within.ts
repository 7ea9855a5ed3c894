// Problems of a part of a document, with their paths as seen from its top.
import { InputError } from '../errors.ts'
import { fromDatabase } from './databaseError.ts'

/** Runs `work`; the paths of an InputError get `prefix` in front. */
export function within<Result>(prefix: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw prefixed(prefix, error)
  }
}

/** The same for asynchronous work. */
export async function withinAsync<Result>(prefix: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw prefixed(prefix, error)
  }
}

function prefixed(prefix: string, thrown: unknown): unknown {
  const error = fromDatabase(thrown) ?? thrown
  if (!(error instanceof InputError)) return thrown
  const problems = error.problems.map((problem) => ({
    ...problem,
    path: problem.path === '' ? prefix : `${prefix}.${problem.path}`,
  }))
  return new InputError(
    problems,
    error.hint === undefined ? { cause: error } : { cause: error, hint: error.hint },
  )
}
