// What every reader of a resource is handed: the template with its scope, where it lies, and how to build.
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { SegmentStyle } from '../functions/function-spec.ts'
import type { BuildOptions } from './build.ts'
import type { Files } from './lookups.ts'
import type { NameSeed } from './physical-name.ts'
import type { TemplateScope } from './scope.ts'
import { isMap, mapAt, type TemplateMap } from './template-value.ts'
import { ValueReader } from './value-reader.ts'

export interface AppContext {
  readonly file: string
  /** What paths in the template are relative to. */
  readonly templateDir: string
  readonly appDir: string
  readonly built: boolean
  readonly seed: NameSeed
  readonly region: string
  readonly accountId: string
  /** With Globals merged; those whose condition is false are not in it. */
  readonly resources: TemplateMap
  readonly scope: TemplateScope
  readonly build: BuildOptions
  readonly files: Files
  readonly layersByArn: LayersByArn
  readonly segmentStyle?: SegmentStyle
  notice(text: string): void
}

/** Layers of the app's own stacks: a nested stack or another one names them by their ARN. */
export type LayersByArn = Map<string, { readonly context: AppContext; readonly logicalId: string }>

/** One resource with its properties, each resolved when asked for. */
export class Properties extends ValueReader {
  constructor(context: AppContext, logicalId: string) {
    const place = `Resources.${logicalId}.Properties`
    const resource = context.resources[logicalId]
    super(context, mapAt(isMap(resource) ? resource['Properties'] : undefined, place), place)
  }
}

export async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}

export function pathFrom(context: AppContext, path: string): string {
  return resolve(context.templateDir, path)
}
