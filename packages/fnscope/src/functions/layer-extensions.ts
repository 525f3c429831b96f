// The external extensions of a function: the executable files directly in its layers' `extensions` directories. Of
// equal names the later layer's is taken, as on /opt; they are started in the order of their names. OpenTelemetry's collector
// is none of them (collector-extension.ts).
import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isCollector } from './collector-extension.ts'

export interface ExternalExtension {
  readonly name: string
  /** On this machine. */
  readonly path: string
}

export function externalExtensions(layerDirs: readonly string[]): ExternalExtension[] {
  return programs(layerDirs).filter(({ name }) => !isCollector(name, layerDirs))
}

/** Whether one of the layers brings OpenTelemetry's collector. */
export function bringsCollector(layerDirs: readonly string[]): boolean {
  return programs(layerDirs).some(({ name }) => isCollector(name, layerDirs))
}

function programs(layerDirs: readonly string[]): ExternalExtension[] {
  const paths = new Map<string, string>()
  for (const layer of layerDirs) {
    const dir = join(layer, 'extensions')
    for (const name of names(dir)) paths.set(name, join(dir, name))
  }
  return [...paths]
    .filter(([, path]) => isProgram(path))
    .map(([name, path]) => ({ name, path }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
