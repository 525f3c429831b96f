// The external extensions of a function: the executable files directly in its layers' `extensions` directories. Of
// equal names the later layer's is taken, as on /opt; they are started in the order of their names.
import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

export interface ExternalExtension {
  readonly name: string
  /** On this machine. */
  readonly path: string
}

export function externalExtensions(layerDirs: readonly string[]): ExternalExtension[] {
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
