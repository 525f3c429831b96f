// Which of the machine's mounts become read-only to functions: all that hold files. Kernel interfaces and devices stay as
// they are, so does what is read-only already.
import { mkdirSync, readFileSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SealedMachine } from './isolation.ts'

const NO_FILES = /^(proc|sysfs|cgroup2?|devtmpfs|devpts|mqueue|(security|debug|trace|config|hugetlb|auto|n)fs)$/
const KERNELS = /^\/(proc|sys|dev)(\/|$)/

/** @param cacheDir compiled code that runtimes keep lies there */
export function sealMachine(cacheDir: string): SealedMachine {
  const compiled = join(cacheDir, 'bytecode')
  mkdirSync(compiled, { recursive: true })
  const writable = [realpathSync(tmpdir()), realpathSync(compiled)]
  return { readOnly: ['/', ...mountPoints(readFileSync('/proc/self/mountinfo', 'utf8'), writable)], writable }
}

/** Of mountinfo(5), without the root, and without `kept` and what lies below these. */
export function mountPoints(mountinfo: string, kept: readonly string[]): string[] {
  const points = mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const [point = '/', options = ''] = before.split(' ').slice(4)
    const [type = ''] = after.split(' ')
    const stays = point === '/' || KERNELS.test(point) || NO_FILES.test(type) || options.split(',').includes('ro')
    return stays || kept.some((dir) => `${point}/`.startsWith(`${dir}/`)) ? [] : [unescaped(point)]
  })
  return [...new Set(points)]
}

const unescaped = (point: string): string =>
  point.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
