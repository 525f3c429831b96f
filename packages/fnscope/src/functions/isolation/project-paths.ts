// What of a project below /tmp a function's variables name by its place on this machine: the namespace's own /tmp hides it,
// and it is shown there again, read-only. Of anything else below /tmp the function has its own, as on the cloud.
import { lstatSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { FunctionSpec } from '../function-spec.ts'
import { quote } from './shell-job.ts'

const TMP = '/tmp/'

/** The project is what lies beside the code below the same directory of /tmp: `/tmp/shop` of `/tmp/shop/src/orders`. */
export function hiddenProjectPaths({ codeDir, environment }: Pick<FunctionSpec, 'codeDir' | 'environment'>): string[] {
  const project = /^\/tmp\/[^/]+\//.exec(codeDir)?.[0]
  if (project === undefined) return []
  const named = Object.values(environment).flatMap((value) => value.split(/[\s:,;='"]+/))
  const paths = named.filter((path) => path.startsWith(project) && !path.includes('/../') && isThere(path))
  return [...new Set(paths.map((path) => path.replace(/\/+$/, '')))]
}

/** What the path is mounted on. @param tmp the function's /tmp */
export function mountPoint(tmp: string, path: string): string {
  return join(tmp, path.slice(TMP.length))
}

/** A shell's command that makes it, in whose namespace that /tmp may be another one than in ours. */
export function makeMountPoint(tmp: string, path: string): string {
  const point = mountPoint(tmp, path)
  if (lstatSync(path).isDirectory()) return `mkdir -p ${quote(point)}`
  return `mkdir -p ${quote(dirname(point))}; : > ${quote(point)}`
}

function isThere(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found !== undefined && (found.isDirectory() || found.isFile())
}
