// Reading parsed JSON that anybody may have sent: nothing here trusts a type, a depth or a key.

export type JsonObject = { readonly [key: string]: unknown }

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The member when it is a string with something in it. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/**
 * Sets `key` as an own property whatever its name: a plain assignment to `__proto__`, which JSON may hold as a key,
 * would change the object's prototype instead.
 */
export function setOwn<Value>(target: { [key: string]: Value }, key: string, value: Value): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  else target[key] = value
}

/**
 * True when arrays and objects of the JSON text stand deeper than `limit` in each other. JSON.parse takes any depth,
 * JSON.stringify and every other walk of the result do not, so this is asked first. Of a text that is no JSON it may be
 * false whatever the depth.
 */
export function isDeeperThan(text: string, limit: number): boolean {
  // Each level is closed again; and searching for a character is many times cheaper than looking at each.
  if (text.length <= limit * 2) return false
  if (without(text, '{', without(text, '[', limit)) >= 0) return false
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (inString) {
      if (code === BACKSLASH) i++
      else if (code === QUOTE) inString = false
    } else if (code === QUOTE) inString = true
    else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
      if (++depth > limit) return true
    } else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) depth--
  }
  return false
}

/** How many of `limit` are left when each `letter` takes one; -1 when they do not suffice. */
function without(text: string, letter: string, limit: number): number {
  let left = limit
  for (let at = text.indexOf(letter); at !== -1 && left >= 0; at = text.indexOf(letter, at + 1)) left -= 1
  return left
}

const QUOTE = 34
const BACKSLASH = 92
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
