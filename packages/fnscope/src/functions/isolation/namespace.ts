// Namespaces of its own for a program: user, mounts and processes. One unshare(1), one shell that stays as process 1, one
// that mounts by one mount(8) when it is told what, and one more unshare(1) that becomes the program as the cloud's ordinary
// user, who can undo none of it. All but the mounts is done before it is known what is to run; nothing of it is in the way
// of a warm call.
import { writeFileSync } from 'node:fs'
import { quote } from './shell-job.ts'
import type { Mount, NamespaceIsolation } from './isolation.ts'

export interface NamespacePlan {
  readonly mounts: readonly Mount[]
  /** The function's /tmp. */
  readonly scratchDir: string
  /** A file that this writes: what is mounted where. */
  readonly tableFile: string
}

// The first shell stays: it is the first process of the namespace, and nobody else buries what the function leaves behind.
// Its own words (that a child was killed) are no part of the log. The user is sbx_user1051, as on the cloud.
const SCRIPT = `trap : TERM
ulimit -n 1024; ulimit -u 1024 || ulimit -p 1024
exec 3>&1
/bin/sh -s | unshare --user --map-user=993 --map-group=990 -- /bin/sh -s 2>&1
exit $?`

/** Waits at its standard input for a job. */
export const NAMESPACE_SHELL: readonly string[] =
  'unshare --user --map-root-user --mount --pid --fork --kill-child /bin/sh -c'.split(' ').concat(SCRIPT)

/** @param program the shell's text that is run when everything is at its place */
export function namespaceJob(program: string, isolation: NamespaceIsolation, plan: NamespacePlan): string {
  writeFileSync(plan.tableFile, mountTable(isolation, plan))
  return `if mount -aT ${quote(plan.tableFile)} >&3 2>&1
then printf %s ${quote(program)}
else echo 'fnscope: the namespace could not be set up' >&3; echo 'exit 125'
fi
`
}

/** In the order in which they must be made: a later one may hide where an earlier one's source lies. */
function mountTable(isolation: NamespaceIsolation, { mounts, scratchDir }: NamespacePlan): string {
  const lines = [
    `overlay /var overlay lowerdir=${field(isolation.skeletonDir)}:/var 0 0`,
    ...mounts.map(mountLine),
    `${field(scratchDir)} /tmp none bind 0 0`,
    // Under a name of its own: mount(8) passes over what seems to be mounted already.
    ...(isolation.ownProc ? ['own-proc /proc proc nosuid,nodev,noexec 0 0'] : []),
  ]
  return `${lines.join('\n')}\n`
}

function mountLine({ sources, target, writable }: Mount): string {
  if (sources.length > 1) return `overlay ${target} overlay lowerdir=${sources.map(field).join(':')} 0 0`
  return `${field(sources[0]!)} ${target} none bind${writable ? '' : ',ro'} 0 0`
}

// As fstab(5) spells them.
const field = (text: string): string =>
  text.replaceAll(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
