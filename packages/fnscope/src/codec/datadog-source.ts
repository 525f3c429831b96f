// Who sent a Datadog span: service, environment, version, process and function, as the resource that OpenTelemetry would
// name. Datadog has them a span at a time; they repeat, so each resource is put into words once.
import type { AttributeValue } from '../span/attribute-value.ts'
import { BytesMemo } from './bytes-memo.ts'
import { stringOf, TextWriter } from './otlp-text.ts'
import { newRowSource, type RowSource } from './row-source.ts'

/** What the request's headers say of the tracer; '' where they do not. */
export interface DatadogTracer {
  readonly language: string
  readonly version: string
}

export const UNKNOWN_TRACER: DatadogTracer = { language: '', version: '' }

/** Texts of one span, by SOURCE_TEXT: starts and ends in its view, equal where it says nothing. */
export const SOURCE_TEXT = {
  service: 0,
  env: 1,
  version: 2,
  runtimeId: 3,
  language: 4,
  host: 5,
  functionArn: 6,
  functionName: 7,
  functionVersion: 8,
} as const

const TEXTS = 9

/** OpenTelemetry's names of languages that Datadog calls otherwise. */
const LANGUAGES: Readonly<Record<string, string>> = { javascript: 'nodejs', node: 'nodejs', '.NET': 'dotnet' }

export class DatadogSources {
  readonly starts = new Int32Array(TEXTS)
  readonly ends = new Int32Array(TEXTS)
  readonly #known = new BytesMemo<RowSource>({ entries: 4096, keyBytes: 2 * 1024 * 1024 })
  readonly #key = new TextWriter()
  #tracer = UNKNOWN_TRACER
  // What was asked for the last time in this request.
  readonly #lastStarts = new Int32Array(TEXTS)
  readonly #lastEnds = new Int32Array(TEXTS)
  #last: RowSource | undefined

  /** A request begins. */
  begin(tracer: DatadogTracer): void {
    this.#tracer = tracer
    this.#known.begin()
    this.#last = undefined
  }

  /** The source that the texts name. */
  find(view: DataView): RowSource {
    if (this.#last === undefined || !this.#isLast()) this.#last = this.#lookUp(view)
    return this.#last
  }

  #isLast(): boolean {
    for (let i = 0; i < TEXTS; i++)
      if (this.starts[i] !== this.#lastStarts[i] || this.ends[i] !== this.#lastEnds[i]) return false
    return true
  }

  #lookUp(view: DataView): RowSource {
    for (let i = 0; i < TEXTS; i++) {
      this.#lastStarts[i] = this.starts[i]!
      this.#lastEnds[i] = this.ends[i]!
    }
    const key = this.#key
    key.clear()
    for (let i = 0; i < TEXTS; i++) {
      const start = this.starts[i]!
      const end = this.ends[i]!
      if (end > start) key.copy(view, start, end)
      key.byte(0)
    }
    key.ascii(this.#tracer.language)
    key.byte(0)
    key.ascii(this.#tracer.version)
    let source = this.#known.find(key.view, 0, key.length)
    if (source === undefined) {
      source = newRowSource(this.#resource(view))
      this.#known.add(key.view, 0, key.length, source)
    }
    return source
  }

  #resource(view: DataView): { [key: string]: AttributeValue } {
    const text = (which: keyof typeof SOURCE_TEXT): string =>
      stringOf(view, this.starts[SOURCE_TEXT[which]]!, this.ends[SOURCE_TEXT[which]]!)
    const language = text('language') || this.#tracer.language
    const arn = text('functionArn')
    const [, , , region = '', account = '', , arnName = ''] = arn.split(':')
    const functionName = text('functionName') || arnName
    const all: { readonly [key: string]: string } = {
      'service.name': text('service'),
      'service.version': text('version'),
      'deployment.environment.name': text('env'),
      'service.instance.id': text('runtimeId'),
      'host.name': text('host'),
      'telemetry.sdk.name': 'datadog',
      'telemetry.sdk.language': LANGUAGES[language] ?? language,
      'telemetry.sdk.version': this.#tracer.version,
      ...(functionName === ''
        ? {}
        : {
            'cloud.provider': 'aws',
            'cloud.platform': 'aws_lambda',
            'cloud.region': region,
            'cloud.account.id': account,
            'cloud.resource_id': arn,
            'faas.name': functionName,
            'faas.version': text('functionVersion'),
          }),
    }
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))
  }
}
