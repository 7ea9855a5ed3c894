// The tag that all pages are written with, and the type of what it makes. Whatever is put into it is
// escaped, unless the tag itself made it.
import { html } from 'hono/html'

export { html }
/** A piece of a page. */
export type Html = ReturnType<typeof html>
/** What may stand in a template; false, null and undefined are left out. */
export type Content = Html | string | number | false | null | undefined | readonly Content[]
