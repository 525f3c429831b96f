// What users set through X-Ray's API and nothing else holds: sampling rules, groups, tags, policies and the account's
// settings. In one file of the data directory, written whole at each change. With --store a fnscope of several keeps its
// own: the store has traces alone.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { SamplingRuleRecord } from '../sampling/targets.ts'
import { XrayError } from './xray-error.ts'
import { isObject } from './xray-request.ts'

export interface XrayGroup {
  readonly name: string
  readonly arn: string
  /** '' takes every trace. */
  readonly filterExpression: string
  readonly insightsEnabled: boolean
  readonly notificationsEnabled: boolean
}

export interface ResourcePolicy {
  readonly name: string
  /** JSON, as it was put. */
  readonly document: string
  readonly revisionId: string
  /** Epoch seconds. */
  readonly updatedSeconds: number
}

export interface XrayState {
  /** Those that were made or changed. */
  readonly samplingRules: readonly SamplingRuleRecord[]
  /** Those that were made; the default one when it was changed. */
  readonly groups: readonly XrayGroup[]
  /** ARN → key and value, in the order in which they came. */
  readonly tags: Readonly<Record<string, readonly (readonly [key: string, value: string])[]>>
  readonly policies: readonly ResourcePolicy[]
  /** '' is none. */
  readonly encryptionKeyId: string
  /** Absent: never set. */
  readonly indexing?: { readonly desiredPercentage: number; readonly modifiedSeconds: number }
}

const NOTHING: XrayState = { samplingRules: [], groups: [], tags: {}, policies: [], encryptionKeyId: '' }

export class XraySettings {
  readonly #file: string | undefined
  #current: XrayState

  /** @param options.file absent: nothing is kept between runs. */
  constructor(options: { readonly file?: string; readonly log: Logger }) {
    this.#file = options.file
    this.#current = options.file === undefined ? NOTHING : read(options.file, options.log)
  }

  get current(): XrayState {
    return this.#current
  }

  /** @throws XrayError InternalFailure when it cannot be written: then nothing has changed. */
  change(part: Partial<XrayState>): void {
    const changed = { ...this.#current, ...part }
    if (this.#file !== undefined) write(this.#file, changed)
    this.#current = changed
  }
}

function write(file: string, state: XrayState): void {
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(`${file}.new`, JSON.stringify(state), { mode: 0o600, flush: true })
    renameSync(`${file}.new`, file)
  } catch (error) {
    const message = `The setting could not be written to ${file}: ${messageOf(error)}.`
    throw new XrayError('InternalFailure', message, { cause: error })
  }
}

/** A file that cannot be read is put aside: the next change would overwrite it. */
function read(file: string, log: Logger): XrayState {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return NOTHING
  }
  try {
    const state: unknown = JSON.parse(text)
    if (!isObject(state)) throw new Error('it is no object')
    for (const name of ['samplingRules', 'groups', 'policies'])
      if (!Array.isArray(state[name])) throw new Error(`${name} is no list`)
    if (!isObject(state['tags'])) throw new Error('tags are no object')
    return { ...NOTHING, ...(state as unknown as XrayState) }
  } catch (error) {
    const aside = `${file}.damaged`
    renameSync(file, aside)
    log.warn({ file, aside, reason: messageOf(error) }, 'X-Ray settings of earlier runs not read')
    return NOTHING
  }
}
