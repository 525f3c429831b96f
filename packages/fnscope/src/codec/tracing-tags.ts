// Tags of Jaeger and Zipkin spans that say what the model has a place of its own for: the kind, what went wrong, and what
// OpenTelemetry's exporters for the two put into tags for want of anything better (scope, resource, status, trace state).
import type { Attributes } from '../span/attribute-value.ts'
import { BytesMemo } from './bytes-memo.ts'
import type { KeyRules } from './otlp-attributes.ts'
import { stringOf, TextWriter } from './otlp-text.ts'
import { newRowSource, withScope, type RowSource } from './row-source.ts'
import { isTracingKey, TRACING_MEANINGS } from './semantic-tracing.ts'
import type { SpanRowWriter } from './span-row-writer.ts'
import { MalformedError } from './taken.ts'

const ROLE = { kind: 1, error: 2, status: 3, description: 4, state: 5, scopeName: 6, scopeVersion: 7 } as const
/** Roles from here on are places in RESOURCE_KEYS. */
const FIRST_RESOURCE = 32

/** Keys that no span has of its own. At most 32: a set of them is the bits of one number. */
const RESOURCE_KEYS: readonly string[] = [
  'service.name',
  'service.version',
  'service.namespace',
  'service.instance.id',
  'deployment.environment',
  'deployment.environment.name',
  'telemetry.sdk.language',
  'telemetry.sdk.name',
  'telemetry.sdk.version',
  'telemetry.auto.version',
  'telemetry.distro.name',
  'telemetry.distro.version',
  'cloud.provider',
  'cloud.platform',
  'faas.name',
  'faas.version',
  'faas.instance',
  'host.name',
  'host.id',
  'host.arch',
  'os.type',
  'container.id',
  'process.runtime.name',
  'process.runtime.version',
  'process.runtime.description',
  'process.executable.name',
  'process.command',
]

const ROLES: ReadonlyMap<string, number> = new Map<string, number>([
  ['span.kind', ROLE.kind],
  ['error', ROLE.error],
  ['otel.status_code', ROLE.status],
  ['otel.status_description', ROLE.description],
  ['w3c.tracestate', ROLE.state],
  ['otel.scope.name', ROLE.scopeName],
  ['otel.library.name', ROLE.scopeName],
  ['otel.scope.version', ROLE.scopeVersion],
  ['otel.library.version', ROLE.scopeVersion],
  ...RESOURCE_KEYS.map((key, place) => [key, FIRST_RESOURCE + place] as const),
])

/** For SpanRowWriter. */
export const TRACING_RULES: KeyRules = {
  roles: ROLES,
  meanings: TRACING_MEANINGS,
  isCustomKey: (key) => !isTracingKey(key),
}

// What a word stands for is its place.
const KINDS: readonly string[] = ['', 'internal', 'server', 'client', 'producer', 'consumer']
const STATUSES: readonly string[] = ['', 'ok', 'error']
const BOOLEANS: readonly string[] = ['', 'true', 'false']
const [TRUE, FALSE] = [1, 2]
const ERROR = 2
/** The bit that makes a letter of ASCII a small one. */
const LOWER_CASE = 32

/**
 * A process of megabytes and spans of which each adds something of its own to it would become terabytes. More than any
 * datagram comes to.
 */
const MAX_RESOURCE_SIZE = 128 * 1024 * 1024

/** Who sent spans, before what their tags add to it. */
export interface TracingProcess {
  /** Differs from that of every other process. */
  readonly number: number
  readonly resource: Attributes
  /** Of a span whose tags add nothing. */
  readonly source: RowSource
}

let processes = 0

export function newProcess(resource: Attributes): TracingProcess {
  processes += 1
  return { number: processes, resource, source: newRowSource(resource) }
}

export class TracingTags {
  /** The span has tags that only OpenTelemetry's exporters set. */
  isOtel = false
  readonly #writer: SpanRowWriter
  readonly #sources = new BytesMemo<RowSource>({ entries: 1024, keyBytes: 512 * 1024 })
  readonly #key = new TextWriter()
  #view: DataView = new DataView(new ArrayBuffer(0))
  // Texts by their role: starts and ends.
  readonly #places = new Int32Array((FIRST_RESOURCE + RESOURCE_KEYS.length) * 2)
  // Of what was made in this request.
  #resourceSize = 0
  /** Bits of the resource's keys that came. */
  #resource = 0

  constructor(writer: SpanRowWriter) {
    this.#writer = writer
  }

  begin(): void {
    this.#sources.begin()
    this.#resourceSize = 0
  }

  beginRow(view: DataView): void {
    this.#view = view
    this.isOtel = false
    this.#resource = 0
    for (let at = ROLE.state * 2; at < (ROLE.scopeVersion + 1) * 2; at++) this.#places[at] = 0
  }

  /** A text with a role. @returns whether it is done with: it stands in a place of its own now */
  take(role: number, start: number, end: number): boolean {
    if (role >= FIRST_RESOURCE) {
      this.#resource |= 1 << (role - FIRST_RESOURCE)
      return this.#keep(role, start, end)
    }
    switch (role) {
      case ROLE.kind: {
        const kind = this.#wordAmong(KINDS, start, end)
        if (kind > 0) this.#writer.kind = kind
        return kind > 0
      }
      case ROLE.error:
        return this.#takeError(start, end)
      case ROLE.status: {
        const status = this.#wordAmong(STATUSES, start, end)
        this.isOtel = true
        this.#writer.statusCode = Math.max(status, this.#writer.statusCode)
        return status > 0
      }
      case ROLE.description:
        this.#writer.message.set(start, end)
        return true
      default:
        if (role !== ROLE.state) this.isOtel = true
        return this.#keep(role, start, end)
    }
  }

  /** A boolean with a role. */
  takeFlag(role: number, value: boolean): boolean {
    if (role !== ROLE.error || !value) return false
    this.#writer.statusCode = ERROR
    return true
  }

  /** Anything but false is an error; what says more than that is the message. */
  #takeError(start: number, end: number): boolean {
    const word = this.#wordAmong(BOOLEANS, start, end)
    if (word === FALSE) return false
    this.#writer.statusCode = ERROR
    if (word !== TRUE && end > start) this.#writer.message.set(start, end)
    return true
  }

  #keep(role: number, start: number, end: number): boolean {
    this.#places[role * 2] = start
    this.#places[role * 2 + 1] = end
    return true
  }

  /** Which of the words stands there, in letters of any case; 0 when it is none. */
  #wordAmong(words: readonly string[], start: number, end: number): number {
    for (let i = words.length - 1; i > 0; i--) if (this.#isWord(words[i]!, start, end)) return i
    return 0
  }

  #isWord(word: string, start: number, end: number): boolean {
    if (end - start !== word.length) return false
    for (let i = 0; i < word.length; i++)
      if ((this.#view.getUint8(start + i) | LOWER_CASE) !== word.charCodeAt(i)) return false
    return true
  }

  #text(role: number): string {
    return stringOf(this.#view, this.#places[role * 2]!, this.#places[role * 2 + 1]!)
  }

  #has(role: number): boolean {
    return this.#places[role * 2 + 1]! > this.#places[role * 2]!
  }

  /** W3C's; '' when the span has none. */
  get state(): string {
    return this.#has(ROLE.state) ? this.#text(ROLE.state) : ''
  }

  /** The process with what the row's tags add to it. */
  source(process: TracingProcess): RowSource {
    const hasScope = this.#has(ROLE.scopeName) || this.#has(ROLE.scopeVersion)
    if (!hasScope && this.#resource === 0) return process.source
    const key = this.#key
    key.clear()
    key.ascii(`${process.number}`)
    this.#addToKey(ROLE.scopeName)
    this.#addToKey(ROLE.scopeVersion)
    for (let place = 0; place < RESOURCE_KEYS.length; place++)
      if (((this.#resource >>> place) & 1) === 1) this.#addToKey(FIRST_RESOURCE + place)
    let source = this.#sources.find(key.view, 0, key.length)
    if (source === undefined) {
      source = this.#newSource(process, hasScope)
      this.#sources.add(key.view, 0, key.length, source)
    }
    return source
  }

  #addToKey(role: number): void {
    const start = this.#places[role * 2]!
    const end = this.#places[role * 2 + 1]!
    this.#key.ascii(`,${role}:${end - start}:`)
    this.#key.copy(this.#view, start, end)
  }

  #newSource({ resource, source }: TracingProcess, hasScope: boolean): RowSource {
    const own = this.#resource === 0 ? source : this.#newResource(resource)
    if (!hasScope) return own
    return withScope(own, {
      name: this.#text(ROLE.scopeName),
      version: this.#text(ROLE.scopeVersion),
      attributes: {},
    })
  }

  #newResource(resource: Attributes): RowSource {
    const added = RESOURCE_KEYS.flatMap((key, place) =>
      ((this.#resource >>> place) & 1) === 1 ? [[key, this.#text(FIRST_RESOURCE + place)] as const] : [],
    )
    const source = newRowSource({ ...Object.fromEntries(added), ...resource })
    this.#resourceSize += source.resourceJson.length
    if (this.#resourceSize > MAX_RESOURCE_SIZE)
      throw new MalformedError('The spans differ in what their tags say of their sender, and the sender says too much.')
    return source
  }
}
