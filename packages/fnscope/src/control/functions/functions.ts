// Functions as Lambda's API sees them: what the platform has, and what was put over the API on top of it. Of a function
// that both know, the platform's configuration holds: a deploy that says something else of it than the one before overrules
// what was changed by hand; one that says the same, as after a restart, leaves it.
import { createHash, randomInt, randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { FunctionSpec } from '../../functions/function-spec.ts'
import { NO_TRIGGERS } from '../../functions/trigger-spec.ts'
import type { Platform } from '../../functions/platform.ts'
import type { Logger } from '../../log.ts'
import { StateFile } from '../state-file.ts'
import {
  blankRecord,
  type EventSource,
  type FunctionRecord,
  type FunctionState,
  type LayerVersion,
} from './function-record.ts'

interface State {
  readonly functions: Readonly<Record<string, FunctionRecord>>
  readonly layers: readonly LayerVersion[]
  readonly eventSources: readonly EventSource[]
}

/** What a template says of a function that the platform has no use for. */
export interface Origin {
  readonly roleArn?: string
  readonly layerArns?: readonly string[]
  readonly codeSha256?: string
  readonly codeSize?: number
  readonly modifiedMs?: number
}

export interface FunctionsOptions {
  readonly path: string
  readonly platform: () => Platform
  readonly originOf: (spec: FunctionSpec) => Origin
  readonly region: string
  readonly accountId: string
  readonly log: Logger
}

export class Functions {
  readonly #options: FunctionsOptions
  readonly #file: StateFile<State>

  constructor(options: FunctionsOptions) {
    this.#options = options
    this.#file = new StateFile({
      path: options.path,
      empty: { functions: {}, layers: [], eventSources: [] },
      log: options.log,
    })
  }

  all(): readonly FunctionRecord[] {
    const specs = this.#options
      .platform()
      .functions()
      .filter(({ fc }) => fc === undefined)
    return specs.map((spec) => this.#recordOf(spec)).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** By name, ARN or logical id. */
  find(nameOrArn: string): FunctionRecord | undefined {
    const spec = this.#options.platform().find(nameOrArn)
    return spec === undefined || spec.fc !== undefined ? undefined : this.#recordOf(spec)
  }

  /** The record from now on; what the platform runs of it follows. */
  async put(record: FunctionRecord): Promise<void> {
    const base = record.changed && !record.own ? (record.base ?? this.#running(record.name)) : undefined
    const stored = { ...record, ...(base && { base }) }
    this.#replace({ functions: { ...this.#file.current.functions, [record.name]: stored } })
    await this.#sync(stored)
  }

  /** One that its stack left behind: from now on nothing else brings it back. */
  async keep(spec: FunctionSpec, origin: Origin): Promise<void> {
    const { base: _, ...known } = this.#file.current.functions[spec.name] ?? blankRecord(spec.name)
    await this.put({
      ...known,
      ...this.#stateOf({ ...spec, stack: '', logicalId: spec.name }, origin),
      changed: false,
      own: true,
    })
  }

  /** The other way: a stack has it from now on. */
  async release(name: string): Promise<void> {
    const record = this.#file.current.functions[name]
    if (record?.own === true) await this.remove(record)
  }

  /** Its stack has no such function any more: one of its name begins anew. */
  async forget(name: string): Promise<void> {
    const { [name]: known, ...functions } = this.#file.current.functions
    if (known === undefined) return
    this.#replace({ functions })
    await this.#deploy(versionsOf(name), [])
  }

  async remove({ name, spec }: FunctionRecord): Promise<void> {
    const { [name]: _, ...functions } = this.#file.current.functions
    this.#replace({ functions })
    const rest = this.#options
      .platform()
      .functions()
      .filter((one) => one.stack === spec.stack && one.name !== name)
    await this.#deploy(spec.stack, rest)
    await this.#deploy(versionsOf(name), [])
  }

  /** What an alias leads to, drawn by its weights. */
  versionOfAlias(name: string, alias: string): string | undefined {
    const found = this.#file.current.functions[name]?.aliases.find((one) => one.name === alias)
    if (found === undefined) return undefined
    let draw = randomInt(1_000_000) / 1_000_000
    for (const [version, weight] of Object.entries(found.weights)) {
      if (draw < weight) return version
      draw -= weight
    }
    return found.version
  }

  layers(): readonly LayerVersion[] {
    return this.#file.current.layers
  }

  layerArn({ name, version }: Pick<LayerVersion, 'name' | 'version'>): string {
    const { region, accountId } = this.#options
    return `arn:aws:lambda:${region}:${accountId}:layer:${name}:${version}`
  }

  layerByArn(arn: string): LayerVersion | undefined {
    return this.layers().find((layer) => this.layerArn(layer) === arn)
  }

  /** No number is given twice as long as the version before is there. */
  nextLayerVersion(layer: string): number {
    return 1 + Math.max(0, ...this.layers().map(({ name, version }) => (name === layer ? version : 0)))
  }

  putLayers(layers: readonly LayerVersion[]): void {
    this.#replace({ layers })
  }

  eventSources(): readonly EventSource[] {
    return this.#file.current.eventSources
  }

  putEventSources(eventSources: readonly EventSource[]): void {
    this.#replace({ eventSources })
  }

  /** After a start: what the API made or changed in earlier runs. */
  async restore(): Promise<void> {
    for (const record of Object.values(this.#file.current.functions)) {
      const there = this.#running(record.name) !== undefined
      if (record.own ? !there : there) await this.#sync(record)
    }
  }

  /** After a deploy of stacks: published versions are there again, and changes that it does not overrule. */
  async keepChanges(): Promise<void> {
    for (const record of Object.values(this.#file.current.functions)) {
      const now = this.#running(record.name)
      if (now === undefined || record.own) continue
      await this.#sync({ ...record, changed: record.changed && isSame(now, record.base) })
    }
  }

  #running(name: string): FunctionSpec | undefined {
    return this.#options
      .platform()
      .functions()
      .find((one) => one.name === name)
  }

  #recordOf(spec: FunctionSpec): FunctionRecord {
    const known = this.#file.current.functions[spec.name]
    if (known !== undefined && isDeepStrictEqual(known.spec, spec)) return known
    const latest = this.#stateOf(spec, this.#options.originOf(spec))
    if (known !== undefined) {
      const { base: _, ...rest } = known
      return { ...rest, ...latest, changed: false }
    }
    return { ...latest, ...blankRecord(spec.name), own: false }
  }

  #stateOf(spec: FunctionSpec, origin: Origin): FunctionState {
    const identity = createHash('sha256').update(JSON.stringify(spec)).digest()
    return {
      spec,
      roleArn: origin.roleArn ?? `arn:aws:iam::${this.#options.accountId}:role/${spec.stack}-${spec.logicalId}Role`,
      layerArns: origin.layerArns ?? [],
      codeSha256: origin.codeSha256 ?? identity.toString('base64'),
      codeSize: origin.codeSize ?? 0,
      modifiedMs: origin.modifiedMs ?? 0,
      revisionId: identity.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5'),
      settings: {},
    }
  }

  async #sync({ name, spec, versions, own, changed }: FunctionRecord): Promise<void> {
    const platform = this.#options.platform()
    const now = this.#running(name)
    if ((own || changed) && !isDeepStrictEqual(now, spec)) {
      const others = platform.functions().filter((one) => one.stack === spec.stack && one.name !== name)
      await this.#deploy(spec.stack, [...others, spec])
    }
    await this.#deploy(
      versionsOf(name),
      versions.map((one) => one.spec),
    )
  }

  async #deploy(stack: string, functions: readonly FunctionSpec[]): Promise<void> {
    const { region, accountId } = this.#options
    await this.#options
      .platform()
      .deploy({ dir: '', stack, region, accountId, functions, triggers: NO_TRIGGERS, outputs: {}, notices: [] })
  }

  #replace(part: Partial<State>): void {
    this.#file.replace({ ...this.#file.current, ...part })
  }
}

export function newRevision(): string {
  return randomUUID()
}

/** What was stored has lost members that are there and undefined. */
function isSame(now: FunctionSpec, stored: FunctionSpec | undefined): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(now)), stored)
}

/** No stack has a colon in its name. */
function versionsOf(name: string): string {
  return `${name}:versions`
}
