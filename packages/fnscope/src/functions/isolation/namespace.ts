// The command line that runs a program in namespaces of its own: user, mounts and processes. One unshare(1), one shell that
// mounts by one mount(8) and stays as process 1, one unshare(1) that becomes the program as the cloud's ordinary user, who
// can undo none of it. About 12 ms; nothing of it is in the way of a warm call.
import { writeFileSync } from 'node:fs'
import type { Mount, NamespaceIsolation } from './isolation.ts'

/** sbx_user1051, as on the cloud. */
const USER = ['--user', '--map-user=993', '--map-group=990']

export interface NamespacePlan {
  readonly mounts: readonly Mount[]
  /** The function's /tmp. */
  readonly scratchDir: string
  /** A file that this writes: what is mounted where. */
  readonly tableFile: string
  /** As the program sees it. */
  readonly cwd: string
}

// $1: the table, $2: the directory. The shell stays: it is the first process of the namespace, and nobody else buries what
// the function leaves behind. Its own words (that a child was killed) are no part of the log.
const SCRIPT = `trap : TERM
mount -aT "$1" 2>&1 && cd "$2" 2>&1 || { echo "fnscope: the namespace could not be set up"; exit 125; }
shift 2
ulimit -n 1024; ulimit -u 1024 || ulimit -p 1024
"$@" 2>&1 3>&1
exit $?`

export function namespaceCommand(
  command: readonly string[],
  isolation: NamespaceIsolation,
  plan: NamespacePlan,
): readonly string[] {
  writeFileSync(plan.tableFile, mountTable(isolation, plan))
  const outer = ['unshare', '--user', '--map-root-user', '--mount', '--pid', '--fork', '--kill-child']
  return [...outer, '/bin/sh', '-c', SCRIPT, 'sh', plan.tableFile, plan.cwd, 'unshare', ...USER, '--', ...command]
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
