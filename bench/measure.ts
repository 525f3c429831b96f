// What every benchmark shares: quantiles, and results written beside the machine they were taken on.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const RESULTS = join(dirname(fileURLToPath(import.meta.url)), 'results.json')

export interface Quantiles {
  readonly min: number
  readonly p50: number
  readonly p95: number
  readonly max: number
}

/** Of samples in any order; three decimals. */
export function quantiles(samples: readonly number[]): Quantiles {
  const sorted = samples.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    Number(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(3))
  return { min: at(0), p50: at(0.5), p95: at(0.95), max: at(1) }
}

/** Prints the figures and puts them under `name` in results.json. */
export function report(name: string, figures: Readonly<Record<string, unknown>>): void {
  const all = existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as Record<string, unknown>) : {}
  const machine = {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? '',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  }
  all[name] = { date: new Date().toISOString().slice(0, 10), machine, ...figures }
  writeFileSync(RESULTS, `${JSON.stringify(all, undefined, 2)}\n`)
  console.log(JSON.stringify({ name, ...figures }, undefined, 2))
}
