// What happened, said politely to those who listen to the page: one message in five seconds at most, the latest wins.
const EVERY_MS = 5000
let lastMs = -EVERY_MS
let waiting: ReturnType<typeof setTimeout> | undefined

/** A text in the live region of the shell (Shell.tsx). */
export function announce(text: string): void {
  clearTimeout(waiting)
  const left = lastMs + EVERY_MS - performance.now()
  waiting = setTimeout(
    () => {
      lastMs = performance.now()
      const region = document.getElementById('announcements')
      if (region !== null) region.textContent = text
    },
    Math.max(0, left),
  )
}
