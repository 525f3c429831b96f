// The Host allow-list: a page whose own name was pointed at 127.0.0.1 (DNS rebinding) sends that name and is refused.
import type { Refusal } from './refusal.ts'

/** The name in a Host header without its port, lower case; undefined when it is none. */
export function hostName(header: string | undefined): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[^:/?#@\s[\]]+)(?::\d{1,5})?$/i.exec(header ?? '')
  // A name may end in the dot of the root.
  return match?.[1]?.toLowerCase().replace(/\.$/, '')
}

/**
 * Names that only this machine answers to. Browsers resolve `*.localhost` to loopback themselves. AWS clients put a prefix
 * before the name of an endpoint that they were given, for operations that the cloud has elsewhere: no name of the public
 * DNS comes of it.
 */
export function isLoopbackName(given: string): boolean {
  const name = given.replace(/^stream(ing)?-/, '')
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '[::1]' ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
  )
}

/**
 * Refuses a Host that is neither loopback nor allowed, whatever its port.
 * `allowed`: names or addresses without port, IPv6 in brackets; `.example.org` allows all names below it.
 */
export function refuseHost(header: string | undefined, allowed: readonly string[]): Refusal | undefined {
  const name = hostName(header)
  if (name !== undefined) {
    if (isLoopbackName(name)) return undefined
    if (allowed.some((entry) => (entry.startsWith('.') ? name.endsWith(entry) : name === entry))) return undefined
  }
  return {
    status: 403,
    reason: 'host',
    code: 'ForbiddenHost',
    message: `The Host header names ${JSON.stringify(header ?? '')}, which is none of this server's names.`,
  }
}
