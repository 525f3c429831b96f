// Tokens as the colours that they are now, for canvases and pictures: the browser resolves light-dark() for us.

/** One for each name: `--hue-0` → `rgb(…)`. */
export function resolveColours(names: readonly string[]): string[] {
  const probe = document.createElement('i')
  document.body.append(probe)
  const found = names.map((name) => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  })
  probe.remove()
  return found
}

export const HUES: readonly string[] = Array.from({ length: 8 }, (_, hue) => `--hue-${hue}`)
