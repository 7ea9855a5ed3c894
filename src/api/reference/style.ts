// The look of /docs. Colours have a contrast of 4.5 to 1 or more in both schemes.
import { raw } from 'hono/html'

export const style = raw(`
:root { color-scheme: light dark; --line: light-dark(#d8dbe0, #3a3f47); --soft: light-dark(#57606a, #9aa4b0); --link: light-dark(#0a58ca, #7fb2ff) }
* { box-sizing: border-box }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; display: grid; grid-template-columns: 15rem minmax(0, 60rem) }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1.5rem 1rem; border-right: 1px solid var(--line) }
nav ul { list-style: none; padding: 0 } nav li { margin: .3rem 0 } nav > a { display: block; margin: .5rem 0; font-size: .875rem }
main { padding: 1.5rem 2rem } a { color: var(--link) } section { margin-top: 2.5rem } article { border-top: 1px solid var(--line); padding: .5rem 0 1rem }
h1 { line-height: 1.2 } h3 { font-size: 1rem; margin: 1rem 0 .25rem; overflow-wrap: anywhere } p { margin: .5rem 0 }
code { font: .875em ui-monospace, monospace } .method { display: inline-block; min-width: 4rem; font-weight: 700 } small { color: var(--soft) }
table { width: 100%; border-collapse: collapse; margin: .75rem 0; font-size: .9rem } caption { text-align: left; font-weight: 600; padding: .25rem 0 }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere } th { font-weight: 400; width: 34% } td:nth-child(2) { width: 24%; color: var(--soft) }
@media (max-width: 50rem) { body { display: block } nav { position: static; height: auto; border: 0; border-bottom: 1px solid var(--line) } main { padding: 1rem } }
`)
