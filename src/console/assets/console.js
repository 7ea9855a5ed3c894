// What the pages gain where a script runs: parts that renew themselves, times in the person's zone, the
// filter checked while it is typed. Every page works without it.

/** Requests that end in a page of another address (the session is over) make the browser go there. */
async function load(url, options = {}) {
  const response = await fetch(url, { credentials: 'same-origin', ...options })
  if (response.redirected && new URL(response.url).pathname === '/sign-in') location.assign(response.url)
  if (!response.ok) throw new Error(`${response.status}`)
  return response
}

// Times ---------------------------------------------------------------------------------------------

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' })
const clock = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'medium' })

function words(ms) {
  const s = Math.abs(ms) / 1000
  if (s < 1) return 'now'
  const min = Math.floor(s / 60)
  const h = Math.floor(min / 60)
  const d = Math.floor(h / 24)
  const long =
    s < 60
      ? `${s < 10 ? Number(s.toFixed(0)) : Math.round(s)} s`
      : min < 60
        ? `${min} min`
        : h < 24
          ? `${h} h${min % 60 ? ` ${min % 60} min` : ''}`
          : `${d} d${h % 24 ? ` ${h % 24} h` : ''}`
  return ms > 0 ? `in ${long}` : `${long} ago`
}

function showTimes(root = document) {
  for (const time of root.querySelectorAll('time[datetime]')) {
    const at = new Date(time.dateTime)
    if (Number.isNaN(at.getTime())) continue
    const text = time.dataset.form === 'clock' ? clock.format(at) : words(at - Date.now())
    if (time.textContent !== text) time.textContent = text
    const title = `${exact.format(at)} (${time.dateTime})`
    if (time.title !== title) time.title = title
  }
}

showTimes()
setInterval(showTimes, 1000)

// Live parts ----------------------------------------------------------------------------------------

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

/** Calls `renew` again and again, not while nobody looks, and more rarely while it fails. */
function keep(renew, everyMs) {
  let failures = 0
  const next = () => setTimeout(run, everyMs * Math.min(2 ** failures, 16))
  const run = async () => {
    if (document.hidden) return next()
    try {
      await renew()
      failures = 0
    } catch {
      failures += 1
    }
    lost.hidden = failures < 3
    next()
  }
  next()
}

const lost = Object.assign(document.createElement('p'), {
  className: 'lost',
  hidden: true,
  textContent: 'No answer from rowhook. The numbers are not current; trying again.',
})
lost.setAttribute('role', 'status')

const main = document.querySelector('main[data-refresh]')
if (main) {
  main.prepend(lost)
  keep(
    async () => {
      const text = await (await load(location.href, { headers: { 'x-refresh': '1' } })).text()
      const page = new DOMParser().parseFromString(text, 'text/html')
      for (const old of document.querySelectorAll('[data-live]:not([data-from])')) {
        const fresh = page.getElementById(old.id)
        if (fresh) swap(old, document.importNode(fresh, true))
      }
    },
    Number(main.dataset.refresh) * 1000,
  )
}

if (document.querySelector('[data-from]')) {
  keep(async () => {
    for (const old of document.querySelectorAll('[data-from]')) {
      const text = await (await load(old.dataset.from)).text()
      const fresh = new DOMParser().parseFromString(text, 'text/html').getElementById(old.id)
      if (fresh) swap(old, document.importNode(fresh, true))
    }
  }, 10_000)
}

// Forms ---------------------------------------------------------------------------------------------

document.addEventListener('submit', (event) => {
  const form = event.target
  if (form.dataset.confirm !== undefined && !confirm(form.dataset.confirm)) {
    event.preventDefault()
    return
  }
  const button = event.submitter
  if (form.dataset.busy !== undefined && button) {
    button.textContent = form.dataset.busy
    // Once the form is on its way: a disabled button's value would not be sent.
    setTimeout(() => (button.disabled = true))
  }
})

for (const secret of document.querySelectorAll('[data-copy]')) {
  const button = Object.assign(document.createElement('button'), { type: 'button', textContent: 'Copy' })
  button.addEventListener('click', () => {
    const said = (text) => () => (button.textContent = text)
    navigator.clipboard.writeText(secret.textContent).then(said('Copied'), said('Select and copy it by hand'))
  })
  secret.after(button)
}

// The filter ----------------------------------------------------------------------------------------

/** The text with the word at `position` (1-based, in characters) marked. */
function mark(behind, text, position) {
  if (position === null) {
    behind.textContent = text
    return
  }
  const characters = [...text]
  const before = characters.slice(0, position - 1).join('')
  const [word = ' '] = /^(?:\w+|[^])/u.exec(characters.slice(position - 1).join('')) ?? []
  const marked = Object.assign(document.createElement('mark'), { textContent: word })
  behind.replaceChildren(before, marked, text.slice(before.length + word.length))
}

for (const editor of document.querySelectorAll('[data-filter]')) {
  const [behind, text] = [editor.querySelector('pre'), editor.querySelector('textarea')]
  const verdict = editor.parentElement.querySelector('.verdict')
  const form = text.form
  let last = 0
  let timer
  const check = async () => {
    const turn = (last += 1)
    const body = new FormData()
    body.set('form_token', form.elements.form_token.value)
    body.set('table', editor.dataset.table)
    body.set('filter', text.value)
    try {
      const answer = await (await load('/filter-check', { method: 'POST', body })).json()
      if (turn !== last) return
      // Made by the server out of escaped parts; the policy forbids scripts in it anyway.
      verdict.innerHTML = answer.html
      mark(behind, text.value, answer.position)
      if (answer.position === null) text.removeAttribute('aria-invalid')
      else text.setAttribute('aria-invalid', 'true')
    } catch {
      if (turn === last)
        verdict.textContent = 'The filter could not be checked; it will be when the form is sent.'
    }
  }
  text.addEventListener('input', () => {
    mark(behind, text.value, null)
    clearTimeout(timer)
    timer = setTimeout(check, 250)
  })
  if (text.value !== '' && verdict.textContent.trim() === '') void check()
}

for (const radio of document.querySelectorAll('input[type=checkbox][name$=".group_by"]')) {
  radio.addEventListener('change', () => {
    const prefix = radio.name.replace(/group_by$/, 'order')
    for (const order of radio.form.querySelectorAll(`input[name="${CSS.escape(prefix)}"]`)) {
      if (order.value === 'columns') order.checked = true
    }
  })
}
