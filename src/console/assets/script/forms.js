// Forms: questions before what cannot be undone, a word while the server works, secrets to copy.

document.addEventListener('submit', (event) => {
  const form = event.target
  const button = event.submitter
  if (form.dataset.confirm !== undefined && !confirm(form.dataset.confirm)) {
    event.preventDefault()
    return
  }
  if (form.method !== 'post' || !button) return
  if (form.dataset.sent !== undefined) {
    // a second click on what is on its way
    event.preventDefault()
    return
  }
  form.dataset.sent = ''
  form.setAttribute('aria-busy', 'true')
  button.classList.add('busy')
  if (form.dataset.busy !== undefined) button.textContent = form.dataset.busy
})

// A page out of the browser's memory shows its forms as they were: none of them is on its way.
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) {
    delete form.dataset.sent
    form.removeAttribute('aria-busy')
    form.querySelector('.busy')?.classList.remove('busy')
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

for (const box of document.querySelectorAll('input[type=checkbox][name$=".group_by"]')) {
  box.addEventListener('change', () => {
    const prefix = box.name.replace(/group_by$/, 'order')
    for (const order of box.form.querySelectorAll(`input[name="${CSS.escape(prefix)}"]`)) {
      if (order.value === 'columns') order.checked = true
    }
  })
}
