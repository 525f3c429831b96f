// A link to what is seen now: relative times become the times they mean at this moment.
import { pinned, readTime } from '../range.ts'

/** Pages without a range have none in their link. */
const RANGED = /^\/(traces|map|functions|logs|metrics)(\/|$)/

export function exactLink(href: string, nowMs: number): string {
  const url = new URL(href)
  if (!RANGED.test(url.pathname)) return url.href
  const from = readTime(url.searchParams.get('from'))
  const to = readTime(url.searchParams.get('to'))
  const exact = pinned({ ...(from && { from }), ...(to && { to }) }, nowMs)
  url.searchParams.set('from', exact.from)
  url.searchParams.set('to', exact.to)
  return url.href
}
