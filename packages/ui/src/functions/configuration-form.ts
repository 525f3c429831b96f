// The configuration of a function as a form: what stands in its fields, and what of it was changed, as
// UpdateFunctionConfiguration takes it.
import type { ConfigurationChange, FunctionConfiguration } from '../aws-api.ts'

export interface ConfigurationForm {
  readonly tracing: 'Active' | 'PassThrough'
  readonly handler: string
  readonly description: string
  readonly memoryMb: string
  readonly timeoutSeconds: string
  /** A line each. */
  readonly layers: string
  readonly environment: readonly (readonly [name: string, value: string])[]
}

export function formOf(configuration: FunctionConfiguration): ConfigurationForm {
  return {
    tracing: configuration.TracingConfig.Mode,
    handler: configuration.Handler ?? '',
    description: configuration.Description,
    memoryMb: String(configuration.MemorySize),
    timeoutSeconds: String(configuration.Timeout),
    layers: (configuration.Layers ?? []).map(({ Arn }) => Arn).join('\n'),
    environment: Object.entries(configuration.Environment?.Variables ?? {}),
  }
}

/** Undefined: nothing was changed. Values are checked where they are stored: Lambda's limits have one place. */
export function changeOf(form: ConfigurationForm, before: FunctionConfiguration): ConfigurationChange | undefined {
  const was = formOf(before)
  const layers = layersOf(form.layers)
  const change: ConfigurationChange = {
    ...(form.tracing === was.tracing ? {} : { TracingConfig: { Mode: form.tracing } }),
    ...(form.handler === was.handler ? {} : { Handler: form.handler }),
    ...(form.description === was.description ? {} : { Description: form.description }),
    ...(form.memoryMb === was.memoryMb ? {} : { MemorySize: Number(form.memoryMb) }),
    ...(form.timeoutSeconds === was.timeoutSeconds ? {} : { Timeout: Number(form.timeoutSeconds) }),
    ...(layers.join('\n') === was.layers ? {} : { Layers: layers }),
    ...(isSame(form.environment, was.environment)
      ? {}
      : { Environment: { Variables: Object.fromEntries(form.environment.filter(([name]) => name !== '')) } }),
  }
  return Object.keys(change).length === 0 ? undefined : change
}

function layersOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function isSame(a: ConfigurationForm['environment'], b: ConfigurationForm['environment']): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
