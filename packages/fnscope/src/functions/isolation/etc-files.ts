// What of /etc differs inside a namespace: the environment's own name, by which extensions listen and have telemetry sent
// to them, and the user that everything runs as, or a program that asks for its home directory fails.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mount } from './isolation.ts'

const ADDED = {
  hosts: '127.0.0.1\tsandbox.localdomain sandbox\n',
  passwd: 'sbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\n',
}

/** Writes the files to `dir`. One that the machine does not have is left out: there is nothing to lay it over. */
export function etcMounts(dir: string): Mount[] {
  return Object.entries(ADDED).flatMap(([name, added]) => {
    const [source, target] = [join(dir, name), `/etc/${name}`]
    try {
      // The first entry of a name or a number is the one that counts.
      writeFileSync(source, `${added}${readFileSync(target, 'utf8')}`)
      return { sources: [source], target }
    } catch {
      return []
    }
  })
}
