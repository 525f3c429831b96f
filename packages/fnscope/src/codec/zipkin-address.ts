// Addresses of Zipkin's endpoints: bytes in protobuf, text in JSON.

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/
const IPV6 = /^[0-9a-f:.]*:[0-9a-f:.]*$/i

/** As it is read; '' of bytes that are no address. IPv6 in hex groups, the longest run of zeros cut. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) return ''
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[i * 2]! << 8) | bytes[i * 2 + 1]!).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

/** The bytes of a text; none of one that is no address. */
export function addressBytes(text: string): Uint8Array {
  if (IPV4.test(text)) {
    const parts = text.split('.').map(Number)
    return parts.every((part) => part < 256) ? Uint8Array.from(parts) : new Uint8Array(0)
  }
  if (!IPV6.test(text) || !URL.canParse(`http://[${text}]`)) return new Uint8Array(0)
  const [head = '', tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right]
  return Uint8Array.from(
    groups.flatMap((group) => [Number.parseInt(group, 16) >>> 8, Number.parseInt(group, 16) & 255]),
  )
}
