// Charts: the numbers under the pointer, and a stretch of time that is marked becomes the chart's own. Events
// are taken from the document, because charts are renewed.
import { clock } from './times.js'

const unitWords = {
  count: (value) => value.toLocaleString(),
  ms: (value) =>
    value < 1000
      ? `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
      : `${(value / 1000).toFixed(1)} s`,
}

/** Where in its chart a pointer is: the step, and the time at which that begins. */
function placeOf(plot, event) {
  const { left, width } = plot.getBoundingClientRect()
  const { since, step, steps } = plot.dataset
  const share = Math.min(Math.max((event.clientX - left) / width, 0), 0.999999)
  const i = Math.floor(share * Number(steps))
  return { i, share: i / Number(steps), at: (i) => new Date(Date.parse(since) + i * Number(step) * 1000) }
}

function read(plot, event) {
  const { i, share, at } = placeOf(plot, event)
  const { names, unit, points } = plot.dataset
  const values = JSON.parse(points)[i]
  const words = JSON.parse(names).map((name, n) => `${name} ${values ? unitWords[unit](values[n]) : '–'}`)
  let tip = plot.querySelector('.tip')
  if (!tip) plot.append((tip = Object.assign(document.createElement('div'), { className: 'tip' })))
  tip.textContent = `${clock.format(at(i))}  ${words.join('  ')}`
  tip.classList.toggle('left', share > 0.5)
  // Through the object model: the policy forbids styles in markup only.
  tip.style.setProperty('--at', `${share * 100}%`)
}

let marking

document.addEventListener('pointermove', (event) => {
  const plot = event.target.closest?.('.plot[data-points]')
  if (plot) read(plot, event)
  if (!marking) return
  const { i } = placeOf(marking.plot, event)
  marking.to = i
  const steps = Number(marking.plot.dataset.steps)
  const [from, to] = [Math.min(marking.from, i), Math.max(marking.from, i) + 1]
  marking.band.style.left = `${(from / steps) * 100}%`
  marking.band.style.width = `${((to - from) / steps) * 100}%`
})

document.addEventListener('pointerdown', (event) => {
  const plot = event.target.closest?.('.plot[data-zoom]')
  if (!plot || event.button !== 0 || event.pointerType === 'touch') return
  event.preventDefault()
  const { i } = placeOf(plot, event)
  const band = Object.assign(document.createElement('div'), { className: 'band' })
  plot.append(band)
  marking = { plot, band, from: i, to: i }
})

document.addEventListener('pointerup', () => {
  if (!marking) return
  const { plot, band, from, to } = marking
  marking = undefined
  band.remove()
  if (from === to) return
  const { since, step, zoom } = plot.dataset
  const at = (i) => new Date(Date.parse(since) + i * Number(step) * 1000).toISOString()
  const url = new URL(zoom, location.href)
  url.searchParams.set('since', at(Math.min(from, to)))
  url.searchParams.set('until', at(Math.max(from, to) + 1))
  location.assign(url)
})

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || !marking) return
  marking.band.remove()
  marking = undefined
})

document.addEventListener('pointerout', (event) => {
  const plot = event.target.closest?.('.plot[data-points]')
  if (plot && !plot.contains(event.relatedTarget)) plot.querySelector('.tip')?.remove()
})
