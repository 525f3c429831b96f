// Where the members of one X-Ray document stand in its bytes: a table with a row for the segment and each subsegment in
// it, parents first. Only documents without surprises; of all others xray.ts makes objects.
import { isNull, isTrue, skipColon, skipSpace, skipText, skipValue } from './json-scan.ts'

/** Members that mean something, and their number in the table. */
export const MEMBER = {
  id: 0,
  name: 1,
  start_time: 2,
  end_time: 3,
  trace_id: 4,
  parent_id: 5,
  type: 6,
  in_progress: 7,
  origin: 8,
  namespace: 9,
  resource_arn: 10,
  user: 11,
  error: 12,
  fault: 13,
  throttle: 14,
  cause: 15,
  http: 16,
  aws: 17,
  sql: 18,
  annotations: 19,
  metadata: 20,
  links: 21,
  service: 22,
  subsegments: 23,
} as const

const MEMBERS = Object.keys(MEMBER).map((name) => Buffer.from(name))
const ROW = MEMBERS.length * 2
const MAX_ENTITIES = 256
const MAX_DEPTH = 32
const MAX_KEYS = 200
/** Objects whose members are attributes. */
const ONE_LEVEL: ReadonlySet<number> = new Set([MEMBER.aws, MEMBER.sql, MEMBER.annotations])

// Length and the first two letters tell the names apart: slot → member + 1.
const SLOTS = new Uint8Array(16 * 1024)
for (const [member, name] of MEMBERS.entries()) SLOTS[slotOf(name, 0, name.length)] = member + 1

function slotOf(bytes: Uint8Array, start: number, end: number): number {
  return ((end - start) << 10) | ((bytes[start]! & 31) << 5) | (bytes[start + 1]! & 31)
}

/** The member's number, -1 for one that means nothing. */
function memberAt(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 2 || end - start > 15) return -1
  const member = SLOTS[slotOf(bytes, start, end)]! - 1
  if (member === -1) return -1
  const name = MEMBERS[member]!
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return -1
  return member
}

const QUOTE = 34
const COMMA = 44
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125

export class XrayScan {
  /** How many rows the table has. */
  entities = 0
  /** The row of each one's parent; -1 of the document itself. */
  readonly parents = new Int16Array(MAX_ENTITIES)
  readonly #at = new Uint32Array(MAX_ENTITIES * ROW)
  // Of the keys of the object that is walked over, and of those around it.
  readonly #hashes = new Int32Array(MAX_KEYS)
  #keys = 0

  /** Fills the table. False when the document is not as simple as that, or no JSON. */
  scan(bytes: Uint8Array): boolean {
    this.entities = 0
    this.#keys = 0
    const start = skipSpace(bytes, 0)
    if (bytes[start] !== OPEN_BRACE) return false
    const end = this.#scanEntity(bytes, start, -1, 0)
    return end !== -1 && skipSpace(bytes, end) === bytes.length
  }

  /** Where the value begins; 0 when there is none, as no value can. */
  start(entity: number, member: number): number {
    return this.#at[entity * ROW + member * 2]!
  }

  /** Where it ends. */
  end(entity: number, member: number): number {
    return this.#at[entity * ROW + member * 2 + 1]!
  }

  #scanEntity(bytes: Uint8Array, at: number, parent: number, depth: number): number {
    const entity = this.entities
    if (entity === MAX_ENTITIES || depth > MAX_DEPTH) return -1
    this.entities += 1
    this.parents[entity] = parent
    const table = this.#at
    const row = entity * ROW
    table.fill(0, row, row + ROW)
    let to = skipSpace(bytes, at + 1)
    if (bytes[to] === CLOSE_BRACE) return to + 1
    for (;;) {
      if (bytes[to] !== QUOTE) return -1
      const keyEnd = skipText(bytes, to)
      if (keyEnd === -1) return -1
      const value = skipColon(bytes, keyEnd)
      if (value === -1) return -1
      const member = memberAt(bytes, to + 1, keyEnd - 1)
      const valueEnd = this.#scanMember(bytes, value, member, entity, depth)
      if (valueEnd === -1) return -1
      if (member !== -1) {
        const slot = row + member * 2
        // Twice the same: the last one counts, as for JSON.parse, but subsegments have been added.
        if (table[slot] !== 0) return -1
        table[slot] = value
        table[slot + 1] = valueEnd
      }
      to = skipSpace(bytes, valueEnd)
      if (bytes[to] === CLOSE_BRACE) return to + 1
      if (bytes[to] !== COMMA) return -1
      to = skipSpace(bytes, to + 1)
    }
  }

  #scanMember(bytes: Uint8Array, at: number, member: number, entity: number, depth: number): number {
    if (member === MEMBER.subsegments && bytes[at] === OPEN_BRACKET) return this.#scanChildren(bytes, at, entity, depth)
    if (bytes[at] === OPEN_BRACE && (member === MEMBER.http || ONE_LEVEL.has(member)))
      return this.#scanKeys(bytes, at, member === MEMBER.http ? 1 : 0)
    return skipValue(bytes, at)
  }

  /** An object whose members become a row's attributes: no key may come twice, for the row cannot be taken back. */
  #scanKeys(bytes: Uint8Array, at: number, levels: number): number {
    const first = this.#keys
    let to = skipSpace(bytes, at + 1)
    for (let more = bytes[to] !== CLOSE_BRACE; more;) {
      if (bytes[to] !== QUOTE) return -1
      const keyEnd = skipText(bytes, to)
      if (keyEnd === -1 || !this.#isNewKey(bytes, first, to, keyEnd)) return -1
      to = skipColon(bytes, keyEnd)
      if (to === -1) return -1
      to = levels > 0 && bytes[to] === OPEN_BRACE ? this.#scanKeys(bytes, to, levels - 1) : skipValue(bytes, to)
      if (to === -1) return -1
      to = skipSpace(bytes, to)
      more = bytes[to] === COMMA
      if (more) to = skipSpace(bytes, to + 1)
    }
    this.#keys = first
    return bytes[to] === CLOSE_BRACE ? to + 1 : -1
  }

  /** Two keys of one hash count as the same. */
  #isNewKey(bytes: Uint8Array, first: number, start: number, end: number): boolean {
    if (this.#keys === MAX_KEYS) return false
    let hash = 0
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
    for (let key = first; key < this.#keys; key++) if (this.#hashes[key] === hash) return false
    this.#hashes[this.#keys++] = hash
    return true
  }

  #scanChildren(bytes: Uint8Array, at: number, parent: number, depth: number): number {
    let to = skipSpace(bytes, at + 1)
    if (bytes[to] === CLOSE_BRACKET) return to + 1
    for (;;) {
      if (bytes[to] !== OPEN_BRACE) return -1
      to = this.#scanEntity(bytes, to, parent, depth + 1)
      if (to === -1) return -1
      to = skipSpace(bytes, to)
      if (bytes[to] === CLOSE_BRACKET) return to + 1
      if (bytes[to] !== COMMA) return -1
      to = skipSpace(bytes, to + 1)
    }
  }

  isTrue(bytes: Uint8Array, entity: number, member: number): boolean {
    const at = this.start(entity, member)
    return at !== 0 && isTrue(bytes, at)
  }

  /** Not there, or null. */
  isMissing(bytes: Uint8Array, entity: number, member: number): boolean {
    const at = this.start(entity, member)
    return at === 0 || isNull(bytes, at)
  }

  /** Whether its value begins with this byte: a quote, a brace. */
  begins(bytes: Uint8Array, entity: number, member: number, byte: number): boolean {
    const at = this.start(entity, member)
    return at !== 0 && bytes[at] === byte
  }
}
