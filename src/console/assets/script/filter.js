// The filter's editor: checked while it is typed, with what is wrong marked in the text.
import { load } from './load.js'

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
