// XML as AWS services write it: elements without attributes, times in ISO, what XML cannot say as U+FFFD.

/** How an array is written: AWS's query protocol wraps each entry in `member`, S3 repeats the element itself. */
export type ListStyle = 'member' | 'flat'

/** '' for undefined and null. A Map is a list of entries with key and value. */
export function xmlElement(name: string, value: unknown, lists: ListStyle): string {
  if (value === undefined || value === null) return ''
  if (lists === 'flat' && Array.isArray(value)) return value.map((one) => xmlElement(name, one, lists)).join('')
  return `<${name}>${xmlContent(value, lists)}</${name}>`
}

export function xmlContent(value: unknown, lists: ListStyle): string {
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map((one) => xmlElement('member', one, lists)).join('')
  if (value instanceof Map)
    return [...(value as ReadonlyMap<string, unknown>)]
      .map(([key, one]) => xmlElement('entry', { key, value: one }, lists))
      .join('')
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([key, member]) => xmlElement(key, member, lists))
      .join('')
  return escapeXml(String(value))
}

export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#13;')
}
