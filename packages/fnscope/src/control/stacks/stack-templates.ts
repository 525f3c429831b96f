// Templates of stacks as they come over the API: opened with what lies in the data directory around them, which is
// parameters, exports of other stacks, code and nested templates in buckets.
import { existsSync, readFileSync } from 'node:fs'
import type { Files, Lookups, MadeLookups, NestedTemplate } from '../../deploy/lookups.ts'
import { isNoEcho } from '../../deploy/parameters.ts'
import { openStack, type Stack } from '../../deploy/stack.ts'
import { invalid, isList, isMap, mapAt, spell, type TemplateMap } from '../../deploy/template-value.ts'
import { parseTemplate } from '../../deploy/template-yaml.ts'
import type { Buckets } from '../buckets.ts'
import type { CodeStore } from '../code-store.ts'
import type { Parameters } from '../parameters.ts'
import { layerVersions } from './layer-versions.ts'
import { LAYER_VERSION_TYPE, ownValues, pathOf } from './resource-records.ts'
import type { OpenedStack } from './stack-change.ts'
import { isBelow, nestedPlace } from './nested-stacks.ts'
import type { RecordedOutput, StackParameter, StackRecord } from './stack-record.ts'
import type { StackStore } from './stack-store.ts'

export interface StackTemplatesOptions {
  readonly buckets: Buckets
  readonly parameters: Parameters
  readonly code: CodeStore
  readonly store: StackStore
  /** Stacks of directories: they export as well. */
  readonly directories: () => readonly StackRecord[]
  /** The directory of a layer that was published here. */
  readonly layerDir: (arn: string) => string | undefined
  readonly nextLayerVersion: (name: string) => number
  /** Bucket and key of an S3 URL. */
  readonly parseUrl: (
    url: string,
  ) => { readonly bucket: string; readonly key: string; readonly versionId?: string } | undefined
  readonly region: string
  readonly accountId: string
}

export interface TemplateRequest {
  readonly stackName: string
  readonly stackId: string
  readonly text: string
  readonly parameters: readonly StackParameter[]
  /** Nested stacks that were changed by themselves are opened as they are. */
  readonly asIs?: true
  /** A nested stack as it is to be; its id alone: it goes. */
  readonly within?: Omit<TemplateRequest, 'asIs' | 'within'> | { readonly stackId: string }
}

/** What resources that were made answered, by their path. */
export type MadeValues = ReadonlyMap<string, MadeValue>

export interface MadeValue {
  readonly physicalId: string
  readonly attributes: Readonly<Record<string, string>>
}

export interface GivenParameter {
  readonly key: string
  /** Absent: the previous value. */
  readonly value?: string
}

/** What messages call a template that came over the API. */
const FILE = 'Template'

export class StackTemplates {
  readonly #options: StackTemplatesOptions

  constructor(options: StackTemplatesOptions) {
    this.#options = options
  }

  /**
   * With what the stack's resources answered until now.
   * @param made what they answered in the change underway
   * @throws FnscopeError FNS_TEMPLATE_INVALID
   */
  async open(request: TemplateRequest, made: MadeValues = new Map()): Promise<Stack> {
    const { store, nextLayerVersion } = this.#options
    const find = (id: string): StackRecord | undefined => liveStack(store, id)
    const before = find(request.stackId)
    const own = before === undefined ? [] : ownValues(before, find)
    // A layer's number follows from what the template says now.
    const answered = own.filter(([, { type }]) => type !== LAYER_VERSION_TYPE)
    const known = new Map<string, MadeValue>([...answered, ...made])
    const stack = await this.#open(request, known)
    const numbered = layerVersions(stack, { before: new Map(own), made, nextVersion: nextLayerVersion })
    return numbered.size === 0 ? stack : await this.#open(request, new Map([...known, ...numbered]))
  }

  /** A template that is opened again in the course of its change. @throws FnscopeError FNS_TEMPLATE_INVALID */
  async opened(request: TemplateRequest): Promise<OpenedStack> {
    const found = nestedPlace(this.#options.store, request.stackId)
    if (found === undefined)
      return { stack: await this.open(request), path: [], again: (made) => this.open(request, made) }
    const whole: TemplateRequest = { ...requestOf(found.root), asIs: true, within: request }
    return { stack: await this.open(whole), path: found.path, again: (made) => this.open(whole, made) }
  }

  /** The outermost stack without one that is nested in it. @throws FnscopeError FNS_TEMPLATE_INVALID */
  async without(stackId: string): Promise<Stack> {
    const found = nestedPlace(this.#options.store, stackId)
    if (found === undefined) throw new Error(`${stackId} is not nested`)
    return await this.open({ ...requestOf(found.root), asIs: true, within: { stackId } })
  }

  async #open(request: TemplateRequest, made: MadeValues): Promise<Stack> {
    const { stackName, stackId, text, parameters } = request
    const { region, accountId, store } = this.#options
    return await openStack({
      template: text,
      file: FILE,
      stack: stackName,
      stackId,
      region,
      accountId,
      parameters: valuesOf(parameters),
      lookups: { ...this.#lookups(made), ...nestedLookup(store, request) },
      files: this.#files(),
      notice: () => {},
    })
  }

  /** @throws FnscopeError FNS_TEMPLATE_INVALID */
  parse(text: string): TemplateMap {
    return parseTemplate(text, FILE)
  }

  /** The text behind a TemplateURL. Undefined: there is none. */
  textAt(url: string): string | undefined {
    const place = this.#options.parseUrl(url)
    const path =
      place &&
      this.#options.buckets.contentPath({
        ...place,
        ...(place.versionId !== undefined && { version: place.versionId }),
      })
    return path === undefined ? undefined : readFileSync(path, 'utf8')
  }

  /**
   * Every parameter that the template declares with its value: given, previous or the default.
   * @throws FnscopeError FNS_TEMPLATE_INVALID in CloudFormation's words
   */
  parameters(
    template: TemplateMap,
    given: readonly GivenParameter[],
    previous: readonly StackParameter[],
  ): readonly StackParameter[] {
    const declared = mapAt(template['Parameters'], 'Parameters')
    const unknown = given.filter(({ key }) => !Object.hasOwn(declared, key)).map(({ key }) => key)
    if (unknown.length > 0) throw invalid(`Parameters: [${unknown.join(', ')}] do not exist in the template`)
    const missing: string[] = []
    const found = Object.entries(declared).flatMap(([key, declaration]): StackParameter[] => {
      const said = given.find((one) => one.key === key)
      const before = previous.find((one) => one.key === key)
      const fallback = isMap(declaration) ? declaration['Default'] : undefined
      const text =
        fallback === undefined ? undefined : isList(fallback) ? fallback.map(spell).join(',') : spell(fallback)
      const value = said === undefined ? text : (said.value ?? before?.value)
      if (value === undefined) {
        missing.push(key)
        return []
      }
      return [this.#parameter(key, value, isMap(declaration) ? declaration : {})]
    })
    if (missing.length > 0) throw invalid(`Parameters: [${missing.join(', ')}] must have values`)
    return found
  }

  #parameter(key: string, value: string, declaration: TemplateMap): StackParameter {
    const noEcho = isNoEcho(declaration) ? { noEcho: true as const } : {}
    const type = spell(declaration['Type'])
    if (!type.startsWith('AWS::SSM::Parameter::Value<')) return { key, value, ...noEcho }
    const resolved = this.#options.parameters.find(value)?.versions.at(-1)?.value
    if (resolved === undefined)
      throw invalid(`Unable to fetch parameters [${value}] from parameter store for this account.`)
    return { key, value, resolvedValue: resolved, ...noEcho }
  }

  /** The same for a template of a directory: what is not there is no failure, but told. */
  surroundings(): { readonly lookups: Lookups; readonly files: Files } {
    const { ssmParameter } = this.#lookups(new Map())
    const lookups = { importValue: (name: string) => this.#exported(name), ...(ssmParameter && { ssmParameter }) }
    return { lookups, files: this.#files() }
  }

  #exported(name: string): string | undefined {
    const { store, directories } = this.#options
    const live = [...store.all().filter(({ deletedMs }) => deletedMs === undefined), ...directories()]
    return live.flatMap(({ outputs }) => outputs).find(({ exportName }) => exportName === name)?.value
  }

  #lookups(made: MadeValues): Lookups {
    const { parameters } = this.#options
    return {
      importValue: (name) => {
        const value = this.#exported(name)
        if (value === undefined) throw invalid(`No export named ${name} found.`)
        return value
      },
      ssmParameter: (name) => parameters.find(name)?.versions.at(-1)?.value,
      ...madeLookups(made),
    }
  }

  #files(): Files {
    const { code, layerDir } = this.#options
    return {
      unpacked: async (place) => {
        const path = this.#options.buckets.contentPath(place)
        return path === undefined ? undefined : code.unpackFile(path).dir
      },
      // read anew: unlike what lies in a bucket it may change
      archive: async (path) => (existsSync(path) ? code.unpack(readFileSync(path)).dir : undefined),
      template: async (url) => {
        const text = this.textAt(url)
        return text === undefined ? undefined : { text, file: url }
      },
      layer: async (arn) => layerDir(arn),
    }
  }
}

/** What a parameter of SSM's stands for is known already. */
function valuesOf(parameters: readonly StackParameter[]): Readonly<Record<string, string>> {
  return Object.fromEntries(parameters.map(({ key, value, resolvedValue }) => [key, resolvedValue ?? value]))
}

/** Which nested stacks are others than the stacks that hold them say. */
function nestedLookup(store: StackStore, { asIs, within }: TemplateRequest): Pick<Lookups, 'nestedAs'> {
  if (asIs === undefined) return {}
  return {
    nestedAs: (id) => {
      const record = store.find(id)
      if (id === within?.stackId)
        return 'text' in within
          ? { text: within.text, parameters: valuesOf(within.parameters) }
          : standIn(record?.outputs ?? [])
      // What is in the changed stack is what its new template says.
      if (record?.changedAlone !== true || (within !== undefined && isBelow(store, record, within.stackId)))
        return undefined
      if (record.deletedMs !== undefined) return standIn(record.outputs)
      return { text: record.template, parameters: valuesOf(record.parameters) }
    },
  }
}

/** Nothing but the outputs of a stack that is no more. */
function standIn(outputs: readonly RecordedOutput[]): NestedTemplate {
  const text = JSON.stringify({
    Resources: { Gone: { Type: 'AWS::CloudFormation::WaitConditionHandle' } },
    Outputs: Object.fromEntries(outputs.map(({ key, value }) => [key, { Value: value }])),
  })
  return { text, parameters: {} }
}

/** What opens the template of a stack that is there. */
export function requestOf({ name, id, template, parameters }: StackRecord): TemplateRequest {
  return { stackName: name, stackId: id, text: template, parameters }
}

function liveStack(store: StackStore, id: string): StackRecord | undefined {
  const found = store.find(id)
  return found?.deletedMs === undefined ? found : undefined
}

/** What a template asks of the resources that were made, by their path. */
export function madeLookups(made: MadeValues, path: readonly string[] = []): MadeLookups {
  return {
    attribute: (logicalId, attribute) => made.get(pathOf(path, logicalId))?.attributes[attribute],
    physicalId: (logicalId) => made.get(pathOf(path, logicalId))?.physicalId,
    nested: (logicalId) => madeLookups(made, [...path, logicalId]),
  }
}
