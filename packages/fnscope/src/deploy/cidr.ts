// Fn::Cidr: the first blocks of a size inside an address block, of version 4 or 6.
import { invalid } from './template-value.ts'

const MOST_BLOCKS = 256

/** `bits` is the size of each block in bits of addresses, 8 when absent. @throws FnscopeError FNS_TEMPLATE_INVALID */
export function cidrBlocks(block: string, count: number, bits = 8, place: string): string[] {
  const [address = '', prefix = ''] = block.split('/')
  const width = address.includes(':') ? 128 : 32
  const length = Number(prefix)
  const start = width === 128 ? parseV6(address) : parseV4(address)
  const refused = (why: string): Error => invalid(`Template error: Fn::Cidr ${why} (${place})`)
  if (start === undefined || prefix === '' || !(length >= 0 && length <= width))
    throw refused(`wants an address block, not ${block}.`)
  if (!(count >= 1 && count <= MOST_BLOCKS)) throw refused(`makes 1 to ${MOST_BLOCKS} blocks.`)
  const room = width - length - bits
  if (!(bits >= 1) || room < 0 || (room < 8 && count > 2 ** room))
    throw refused(`finds no ${count} blocks of ${bits} bits in ${block}.`)
  const first = (start >> BigInt(width - length)) << BigInt(width - length)
  return Array.from({ length: count }, (_, index) => {
    const at = first + (BigInt(index) << BigInt(bits))
    return `${width === 128 ? formatV6(at) : formatV4(at)}/${width - bits}`
  })
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split('.').map(Number)
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return undefined
  return parts.reduce((all, part) => (all << 8n) | BigInt(part), 0n)
}

function formatV4(address: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 255n).join('.')
}

function parseV6(text: string): bigint | undefined {
  const [head = '', tail] = text.split('::')
  const words = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const filled =
    tail === undefined
      ? words(head)
      : [
          ...words(head),
          ...Array.from({ length: 8 - words(head).length - words(tail).length }, () => '0'),
          ...words(tail),
        ]
  if (filled.length !== 8 || filled.some((word) => !/^[0-9a-f]{1,4}$/i.test(word))) return undefined
  return filled.reduce((all, word) => (all << 16n) | BigInt(`0x${word}`), 0n)
}

function formatV6(address: bigint): string {
  const words = Array.from({ length: 8 }, (_, index) => ((address >> BigInt(112 - 16 * index)) & 0xffffn).toString(16))
  return words.join(':').replace(/(^|:)0(:0)+(:|$)/, '::')
}
