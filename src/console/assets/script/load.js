/** Fetches; where the session is over, the browser goes to the page that says so. */
export async function load(url, options = {}) {
  const response = await fetch(url, { credentials: 'same-origin', ...options })
  if (response.redirected && new URL(response.url).pathname === '/sign-in') location.assign(response.url)
  if (!response.ok) throw new Error(`${response.status}`)
  return response
}
