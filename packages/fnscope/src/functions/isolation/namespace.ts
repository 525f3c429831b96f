// Namespaces of its own for a program: user, mounts and processes. One unshare(1), one shell that stays as process 1, one
// that mounts by one mount(8) when it is told what, and one more unshare(1) that becomes the program as the cloud's ordinary
// user, who can undo none of it. All but the mounts of the function's own directories is done before it is known what is to
// run; nothing of it is in the way of a warm call.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootMounts } from './cloud-root.ts'
import { etcMounts } from './etc-files.ts'
import { makeMountPoint, mountPoint } from './project-paths.ts'
import { quote } from './shell-job.ts'
import type { Mount, NamespaceIsolation, SealedMachine } from './isolation.ts'

export interface NamespacePlan {
  readonly mounts: readonly Mount[]
  /** Of the project, shown below the function's /tmp. */
  readonly project?: readonly string[]
  /** The function's /tmp. */
  readonly scratchDir: string
  /** A directory that becomes the root, and what that is prepared in. Absent: the machine's is. */
  readonly root?: { readonly dir: string; readonly prepared: string } | undefined
  /** A file that this writes: what is mounted where. */
  readonly tableFile: string
}

// The first shell stays: it is the first process of the namespace, and nobody else buries what the function leaves behind.
// Its own words (that a child was killed) are no part of the log. The user is sbx_user1051, as on the cloud.
const script = (seal: string): string => `trap : TERM
ulimit -n 1024; ulimit -u 1024 || ulimit -p 1024
exec 3>&1
mount -aT "$1" >&3 2>&1 || { echo 'fnscope: the namespace could not be set up' >&3; exit 125; }
${seal}/bin/sh -s | unshare --user --map-user=993 --map-group=990 -- /bin/sh -s 2>&1
exit $?`

/**
 * The command of a shell in namespaces of its own that waits at its standard input for a job.
 * @param dir that this writes files to: they must be there for as long as such shells are started
 */
export function namespaceShell(isolation: NamespaceIsolation, dir: string): readonly string[] {
  const lines = [
    // A mount is as writable as the one that it is made from: what is to stay so becomes one of its own.
    ...(isolation.sealed?.writable ?? []).map((dir) => mountLine({ sources: [dir], target: dir, whole: true })),
    `overlay /var overlay lowerdir=${field(isolation.skeletonDir)}:/var 0 0`,
    ...etcMounts(dir).map(mountLine),
    // Under a name of its own: mount(8) passes over what seems to be mounted already.
    ...(isolation.ownProc ? ['own-proc /proc proc nosuid,nodev,noexec 0 0'] : []),
  ]
  const tableFile = join(dir, 'shared-mounts')
  writeFileSync(tableFile, `${lines.join('\n')}\n`)
  // It sees what is mounted for it later, where there are namespaces around its own.
  const propagation = isolation.sizedTmp ? 'slave' : 'private'
  const command = `unshare --user --map-root-user --mount --propagation ${propagation} --pid --fork --kill-child`
  return [...command.split(' '), '/bin/sh', '-c', script(sealing(isolation.sealed)), 'sh', tableFile]
}

// Without a read-only root nothing is started; another mount point may be out of this user's reach, and so out of the
// function's.
function sealing(sealed: SealedMachine | undefined): string {
  if (sealed === undefined) return ''
  const [root, ...others] = sealed.readOnly.map((point) => `mount -o remount,bind,ro ${quote(point)}`)
  return `${root} >&3 2>&1 || exit 125\n${others.map((line) => `${line} 2>/dev/null\n`).join('')}`
}

/** @param program the shell's text that is run when everything is at its place */
export function namespaceJob(program: string, plan: NamespacePlan): string {
  const { mounts, project = [], scratchDir, root, tableFile } = plan
  const at = root?.dir ?? ''
  const shown = project.map((path) => ({ sources: [path], target: mountPoint(scratchDir, path) }))
  // In the order in which they must be made: a later one may hide where an earlier one's source lies.
  const all: Mount[] = [
    ...(root === undefined ? [] : rootMounts(root.prepared, root.dir)),
    ...mounts.map((mount) => ({ ...mount, target: `${at}${mount.target}` })),
    ...shown,
    { sources: [scratchDir], target: `${at}/tmp`, whole: true },
  ]
  writeFileSync(tableFile, `${all.map(mountLine).join('\n')}\n`)
  const points = project.map((path) => `${makeMountPoint(scratchDir, path)}\n`).join('')
  return `${points}if mount -aT ${quote(tableFile)} >&3 2>&1${root === undefined ? '' : ` && ${becomeRoot(root.dir)}`}
then printf %s ${quote(program)}
else echo 'fnscope: the namespace could not be set up' >&3; echo 'exit 125'
fi
`
}

// Every process of the namespace whose root was the machine's has this one then. pivot_root(8) is not on every user's PATH.
const becomeRoot = (dir: string): string =>
  `cd ${quote(dir)} && PATH=$PATH:/usr/sbin:/sbin pivot_root . . >&3 2>&1 && umount -l . >&3 2>&1 && cd /`

function mountLine({ sources, target, writable, whole }: Mount): string {
  if (whole) return `${field(sources[0]!)} ${field(target)} none rbind 0 0`
  if (sources.length > 1) return `overlay ${field(target)} overlay lowerdir=${sources.map(field).join(':')} 0 0`
  return `${field(sources[0]!)} ${field(target)} none bind${writable ? '' : ',ro'} 0 0`
}

// As fstab(5) spells them.
const field = (text: string): string =>
  text.replaceAll(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
