// Cold starts of a function summed up by its versions: how long they took, in which phases, and in which imports. So that
// two versions can be compared, or the import found that is worth deferring. Pure.
import type { ColdStart, ColdStartPart } from './cold-starts.ts'

export interface ColdStartVersion {
  readonly version: string
  readonly coldStarts: number
  readonly failed: number
  /** Of one each; the nearest rank. */
  readonly initMs: { readonly p50: number; readonly p90: number; readonly most: number }
  /** Averages over the cold starts, in the order of the first of them. */
  readonly phases: readonly { readonly name: string; readonly ms: number }[]
  /** The longest on their own first. */
  readonly imports: readonly ImportedModule[]
}

export interface ImportedModule {
  readonly module: string
  /** In how many of the cold starts. */
  readonly coldStarts: number
  /** Averages over these: without what it imports itself, and with that. */
  readonly selfMs: number
  readonly cumulativeMs: number
}

const IMPORT = /^import (.+)$/
const MOST_IMPORTS = 50

/** Newest version first, by its newest cold start. @param coldStarts newest first */
export function versionsOf(coldStarts: readonly ColdStart[]): ColdStartVersion[] {
  return [...Map.groupBy(coldStarts, ({ version }) => version)].map(([version, all]) => {
    const times = all.map(({ initMs }) => initMs).sort((a, b) => a - b)
    const rank = (share: number): number => times[Math.max(0, Math.ceil(share * times.length) - 1)] ?? 0
    return {
      version,
      coldStarts: all.length,
      failed: all.filter(({ failed }) => failed).length,
      initMs: { p50: rank(0.5), p90: rank(0.9), most: rank(1) },
      phases: phasesOf(all),
      imports: importsOf(all),
    }
  })
}

function phasesOf(all: readonly ColdStart[]): ColdStartVersion['phases'] {
  const sums = new Map<string, number>()
  for (const { phases } of all) for (const { name, ms } of phases) sums.set(name, (sums.get(name) ?? 0) + ms)
  return [...sums].map(([name, ms]) => ({ name, ms: round(ms / all.length) }))
}

function importsOf(all: readonly ColdStart[]): ImportedModule[] {
  const sums = new Map<string, { coldStarts: number; selfMs: number; cumulativeMs: number }>()
  const add = ({ name, ms, selfMs, children }: ColdStartPart): void => {
    const module = IMPORT.exec(name)?.[1]
    if (module !== undefined) {
      const sum = sums.get(module) ?? { coldStarts: 0, selfMs: 0, cumulativeMs: 0 }
      sum.coldStarts += 1
      sum.selfMs += selfMs
      sum.cumulativeMs += ms
      sums.set(module, sum)
    }
    children.forEach(add)
  }
  for (const { parts } of all) parts.forEach(add)
  return [...sums]
    .map(([module, { coldStarts, selfMs, cumulativeMs }]) => ({
      module,
      coldStarts,
      selfMs: round(selfMs / coldStarts),
      cumulativeMs: round(cumulativeMs / coldStarts),
    }))
    .sort((a, b) => b.selfMs - a.selfMs)
    .slice(0, MOST_IMPORTS)
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000
