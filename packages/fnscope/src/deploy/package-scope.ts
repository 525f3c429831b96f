// Code that is unpacked below a project would be of that project's kind: Node looks for `package.json` in every directory
// above. In the cloud nothing lies above /var/task.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Ends Node's search at `dir`, which is made: what lies below is CommonJS unless its own `package.json` says otherwise. */
export function endPackageScope(dir: string): void {
  const path = join(dir, 'package.json')
  if (existsSync(path)) return
  mkdirSync(dir, { recursive: true })
  writeFileSync(path, '{}\n')
}
