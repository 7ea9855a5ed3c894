// Times in the zone of the person, and as distances that go on while the page stands.

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' })
export const clock = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'medium' })

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

export function showTimes(root = document) {
  for (const time of root.querySelectorAll('time[datetime]')) {
    const at = new Date(time.dateTime)
    if (Number.isNaN(at.getTime())) continue
    const text = time.dataset.form === 'clock' ? clock.format(at) : words(at - Date.now())
    if (time.textContent !== text) time.textContent = text
    const title = `${exact.format(at)} (${time.dateTime})`
    if (time.title !== title) time.title = title
  }
}
