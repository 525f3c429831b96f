// Sums over cold starts: what the phases are, which packages cost most, how the versions compare.
import type { ConsoleColdStart, ConsoleColdStartPart } from '../../../fnscope/src/api/console-types.ts'

/** Names of the phases of all of them, those that take most first: each keeps its colour. */
export function phaseNames(starts: readonly ConsoleColdStart[]): string[] {
  const sums = new Map<string, number>()
  for (const { phases } of starts) for (const { name, ms } of phases) sums.set(name, (sums.get(name) ?? 0) + ms)
  return [...sums].sort(([, a], [, b]) => b - a).map(([name]) => name)
}

export interface PackageSum {
  readonly name: string
  /** Mean of the cold starts that have it, without what it imports. */
  readonly selfMs: number
  /** With all that lies below it. */
  readonly ms: number
  readonly starts: number
}

/** `import numpy.core` and `numpy.core` are of numpy; `@aws-sdk/client-s3/x` of @aws-sdk/client-s3. */
export function packageOf(name: string): string {
  const module = name.replace(/^(?:import|require)\s+/, '')
  if (module.startsWith('@')) return module.split('/').slice(0, 2).join('/')
  return module.split(/[./]/)[0] || module
}

/** Only parts below the phases are packages. Of a package within itself its time counts once. */
export function topPackages(starts: readonly ConsoleColdStart[], most: number): PackageSum[] {
  const sums = new Map<string, { selfMs: number; ms: number; readonly of: Set<number> }>()
  const add = (part: ConsoleColdStartPart, start: number, within: ReadonlySet<string>): void => {
    const name = packageOf(part.name)
    const sum = sums.get(name) ?? { selfMs: 0, ms: 0, of: new Set() }
    sums.set(name, sum)
    sum.selfMs += part.selfMs
    if (!within.has(name)) sum.ms += part.ms
    sum.of.add(start)
    const inner = new Set(within).add(name)
    for (const child of part.children) add(child, start, inner)
  }
  for (const [start, { parts }] of starts.entries())
    for (const phase of parts) for (const part of phase.children) add(part, start, new Set())
  return [...sums]
    .map(([name, { selfMs, ms, of }]) => ({ name, selfMs: selfMs / of.size, ms: ms / of.size, starts: of.size }))
    .sort((a, b) => b.ms - a.ms || a.name.localeCompare(b.name))
    .slice(0, most)
}

export interface VersionSum {
  readonly version: string
  readonly starts: number
  readonly averageMs: number
  readonly leastMs: number
  readonly mostMs: number
}

/** Newest version first, by its last cold start. */
export function byVersion(starts: readonly ConsoleColdStart[]): VersionSum[] {
  const versions = Map.groupBy(starts, ({ version }) => version)
  const last = (those: readonly ConsoleColdStart[]): number => Math.max(...those.map(({ startMs }) => startMs))
  return [...versions]
    .sort(([, a], [, b]) => last(b) - last(a))
    .map(([version, those]) => {
      const times = those.map(({ initMs }) => initMs)
      return {
        version,
        starts: those.length,
        averageMs: times.reduce((sum, ms) => sum + ms, 0) / times.length,
        leastMs: Math.min(...times),
        mostMs: Math.max(...times),
      }
    })
}
