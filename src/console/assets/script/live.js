// Parts of a page that renew themselves. The server says when something has changed (/live), and the page
// then asks for itself; not while nobody looks, because a browser has few connections for a server.
import { load } from './load.js'
import { showTimes } from './times.js'

/** Charts are renewed less often than counters. */
const chartsMs = 10_000
/** So long after the last word from the server, a page asks by itself. */
const silenceMs = 20_000

/** Puts `fresh` in the place of `old`, keeping what the person has unfolded and where the focus is. */
function swap(old, fresh) {
  for (const { id, open } of old.querySelectorAll('details[id]')) {
    fresh.querySelector(`details[id="${CSS.escape(id)}"]`)?.toggleAttribute('open', open)
  }
  showTimes(fresh)
  if (old.isEqualNode(fresh)) return
  if (!getSelection().isCollapsed && old.contains(getSelection().anchorNode)) return
  const before = [...old.querySelectorAll('[data-count]')].map((each) => Number(each.dataset.count))
  const focusable = 'a, button, summary, input, [tabindex]'
  const focus = [...old.querySelectorAll(focusable)].indexOf(document.activeElement)
  old.replaceWith(fresh)
  if (focus !== -1) fresh.querySelectorAll(focusable)[focus]?.focus({ preventScroll: true })
  for (const [i, each] of fresh.querySelectorAll('[data-count]').entries()) {
    if (Number(each.dataset.count) > (before[i] ?? Infinity)) each.classList.add('rose')
  }
}

async function renewParts() {
  const text = await (await load(location.href, { headers: { 'x-refresh': '1' } })).text()
  const page = new DOMParser().parseFromString(text, 'text/html')
  for (const old of document.querySelectorAll('[data-live]:not([data-from])')) {
    const fresh = page.getElementById(old.id)
    if (fresh) swap(old, document.importNode(fresh, true))
  }
}

async function renewCharts() {
  for (const old of document.querySelectorAll('[data-from]')) {
    const text = await (await load(old.dataset.from)).text()
    const fresh = new DOMParser().parseFromString(text, 'text/html').getElementById(old.id)
    // Not while the pointer reads or marks a chart.
    if (fresh && !old.matches(':has(.plot:hover)')) swap(old, document.importNode(fresh, true))
  }
}

/** @param main the element that says where changes are told (data-live-from), and how often at most */
export function follow(main) {
  const everyMs = Number(main.dataset.every) * 1000
  const lost = Object.assign(document.createElement('p'), {
    className: 'lost',
    hidden: true,
    textContent: 'No answer from rowhook. The numbers are not current; trying again.',
  })
  lost.setAttribute('role', 'status')
  main.prepend(lost)

  let source
  let timer
  let timerAt = Infinity
  let failures = 0
  let renewedAt = Date.now()
  let chartsAt = Date.now()

  /** Renews then, unless it does so earlier anyway. */
  function renewAt(at) {
    if (at >= timerAt) return
    stop()
    timerAt = at
    timer = setTimeout(renew, at - Date.now())
  }
  function stop() {
    clearTimeout(timer)
    timerAt = Infinity
  }

  async function renew() {
    timerAt = Infinity
    renewedAt = Date.now()
    try {
      await renewParts()
      if (Date.now() - chartsAt > chartsMs) {
        chartsAt = Date.now()
        await renewCharts()
      }
      failures = 0
    } catch {
      failures += 1
    }
    lost.hidden = failures < 2
    if (!document.hidden)
      renewAt(Date.now() + (failures === 0 ? silenceMs : Math.min(1000 * 2 ** failures, silenceMs)))
  }

  const changed = () => renewAt(Math.max(Date.now(), renewedAt + everyMs))

  function open() {
    if (source !== undefined) return
    source = new EventSource(main.dataset.liveFrom)
    source.addEventListener('ready', changed)
    source.addEventListener('sinks', changed)
    source.addEventListener('error', () => {
      // Between two tries the browser waits by itself. Refused for good: the session may be over.
      if (source?.readyState === EventSource.CLOSED) {
        close()
        changed()
        setTimeout(() => document.hidden || open(), 5000)
      }
    })
  }
  function close() {
    source?.close()
    source = undefined
  }

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) {
      close()
      stop()
    } else open()
  })
  addEventListener('pagehide', close)
  addEventListener('pageshow', (event) => event.persisted && open())
  if (!document.hidden) open()
}
