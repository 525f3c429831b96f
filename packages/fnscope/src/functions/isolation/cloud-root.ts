// The root directory of functions whose cloud has directories that this machine has not, as Function Compute's /code: the
// machine's own, each shown at its place in a directory of ours that becomes the root. What is read-only stays so.
import { lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import type { Mount } from './isolation.ts'

/** Of the function, not of the machine. */
const OWN = ['code', 'opt', 'tmp']

/** Adds to `dir` what the machine's directories are mounted on. Functions that run have it for their root: nothing goes. */
export function prepareRoot(dir: string): void {
  for (const name of OWN) mkdirSync(join(dir, name), { recursive: true })
  for (const { name, entry } of machineEntries()) {
    const place = join(dir, name)
    if (lstatSync(place, { throwIfNoEntry: false }) !== undefined) continue
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(`/${name}`), place)
    else if (entry.isDirectory()) mkdirSync(place)
    else writeFileSync(place, '')
  }
}

/** A directory of an environment's own that becomes the root. */
export function rootOf({ own }: { readonly own: string }): string {
  const dir = join(own, 'root')
  mkdirSync(dir, { recursive: true })
  return dir
}

/** What `root` is made of, in the order in which it must be mounted. @param prepared by prepareRoot */
export function rootMounts(prepared: string, root: string): Mount[] {
  const shown = machineEntries().filter(({ entry }) => !entry.isSymbolicLink())
  return [
    { sources: [prepared], target: root },
    ...shown.map(({ name }) => ({ sources: [`/${name}`], target: join(root, name), whole: true }) as const),
  ]
}

function machineEntries(): { readonly name: string; readonly entry: Stats }[] {
  return readdirSync('/')
    .filter((name) => !OWN.includes(name))
    .map((name) => ({ name, entry: lstatSync(`/${name}`) }))
    .filter(({ entry }) => entry.isSymbolicLink() || entry.isDirectory() || entry.isFile())
}
