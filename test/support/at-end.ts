// Clean-up that tests cannot forget: whatever the support modules make registers its end here.
import { afterAll, onTestFinished } from 'vitest'

type CleanUp = () => void | Promise<void>

let forFile: CleanUp[] = []

/** Runs when the current test has finished, or, outside of a test, after the file; last made, first ended. */
export function atEnd(cleanUp: CleanUp): void {
  try {
    onTestFinished(cleanUp)
  } catch {
    forFile.push(cleanUp) // vitest throws outside of a test, as in beforeAll
  }
}

/** Called by setup.ts in every test file. */
export function endWithFile(): void {
  afterAll(async () => {
    const cleanUps = forFile.toReversed()
    forFile = []
    for (const cleanUp of cleanUps) await cleanUp()
  })
}
