// What Postgres and postgres.js throw → the error class that says what a person can do about it.
// SQL functions of rowhook raise 22023, P0001 or P0002 with a message and a hint that were written for
// people, so those two are passed on; the text of other errors may quote data and is not.
import { isConnectionError } from '../db/connection-error.ts'
import { ConflictError, DatabaseError, InputError, NotFoundError, type RowhookError } from '../errors.ts'

interface DatabaseFailure extends Error {
  code: string
  hint?: string
  /** Which argument it is about, where a function of ours says so. */
  column_name?: string
}

/** The rowhook error for a failure of the database; undefined: it is not one that users can mend. */
export function fromDatabase(error: unknown): RowhookError | undefined {
  if (!isFailure(error)) return undefined
  const { code, message, hint } = error
  const options = { cause: error, ...(hint === undefined ? {} : { hint }) }
  if (isConnectionError(error) || code.startsWith('57P') || code.startsWith('53')) {
    return new DatabaseError('the database cannot be reached', {
      hint: 'Try again in a moment.',
      cause: error,
    })
  }
  if (code === 'P0002') return new NotFoundError(message, options)
  if (code === '22023' || code === 'P0001')
    return new InputError([{ path: error.column_name ?? '', message }], options)
  if (code === '55000' || code === '55006') return new ConflictError(message, options)
  if (code === '23505') return new ConflictError('it exists already', { cause: error })
  if (code === '23503') return new ConflictError('something else still refers to it', { cause: error })
  if (code === '40001' || code === '40P01') {
    return new ConflictError('another change was made at the same moment', {
      hint: 'Try again.',
      cause: error,
    })
  }
  // Text that Postgres cannot store: NUL, broken UTF-8.
  if (code === '22021' || code === '22P05') {
    return new InputError([{ path: '', message: 'a text holds a character that Postgres cannot store' }])
  }
  if (code === '42501') {
    return new DatabaseError('the database role of rowhook lacks a right', {
      hint: 'Run: rowhook doctor',
      cause: error,
    })
  }
  if (code === '42883' || code === '42P01' || code === '3F000') {
    return new DatabaseError('the SQL in the database is missing or older than this program', {
      hint: 'Run npx install-sql, or correct the DATABASE_URL of this process.',
      cause: error,
    })
  }
  return undefined
}

function isFailure(error: unknown): error is DatabaseFailure {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}
