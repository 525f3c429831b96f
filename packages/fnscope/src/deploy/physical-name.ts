// Names and ids that the cloud would draw at random, derived instead from where the app lies: the same on every run.
import { createHash } from 'node:crypto'

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const LOWER = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** What makes one deployment of an app different from another. */
export interface NameSeed {
  readonly appDir: string
  readonly stack: string
}

function draw(seed: NameSeed, id: string, alphabet: string, length: number): string {
  const digest = createHash('sha512')
    .update(JSON.stringify([seed.appDir, seed.stack, id]))
    .digest()
  let text = ''
  for (let i = 0; i < length; i++) text += alphabet[digest[i]! % alphabet.length]
  return text
}

/**
 * `<stack>-<LogicalId>-<12 characters>`, at most `maxLength`. When it would be longer, the longer of the two names is
 * cut first, and never below half of the room while the other is longer.
 */
export function physicalName(seed: NameSeed, logicalId: string, maxLength = 64): string {
  const room = maxLength - 14
  const half = Math.floor(room / 2)
  const stackLength = Math.min(seed.stack.length, Math.max(half, room - logicalId.length))
  const stack = seed.stack.slice(0, stackLength)
  const id = logicalId.slice(0, room - stack.length)
  return `${stack}-${id}-${draw(seed, logicalId, LETTERS, 12)}`
}

/** Whether `physicalName` made it for that resource, rather than the template or somebody by hand. */
export function isDerivedName(
  name: string,
  { stack, logicalId }: { readonly stack: string; readonly logicalId: string },
): boolean {
  return name.length > 12 && name.slice(0, -12) === physicalName({ appDir: '', stack }, logicalId).slice(0, -12)
}

/** 10 lower-case letters and digits, as API Gateway's ids. */
export function apiIdOf(seed: NameSeed, logicalId: string): string {
  return draw(seed, logicalId, LOWER, 10)
}

/** Lower-case letters and digits of any length: function URL ids, bucket suffixes. */
export function lowerId(seed: NameSeed, logicalId: string, length: number): string {
  return draw(seed, logicalId, LOWER, length)
}

/** A UUID that is the same on each deployment of the same stack. */
export function stableUuid(seed: NameSeed, logicalId: string): string {
  const hex = createHash('sha256')
    .update(JSON.stringify([seed.appDir, seed.stack, logicalId]))
    .digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** A stack name from any text: letters, digits and hyphens, a letter first, at most 128. */
export function stackNameFrom(text: string): string {
  const name = text.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^[^A-Za-z]+|-+$/g, '')
  return name.slice(0, 128) || 'app'
}
