// Insights: when services faulted more than they use to, which of them it came from, and whom it reached. Derived at the
// question from the minutes of the service graph; nothing of it is stored, so an answer depends on what is stored alone.
//
// A minute of a service is anomalous when it has MIN_FAULTS faults, a share of faults of MIN_RATE, and a share that lies
// more than three standard deviations above what is usual: the lower quartile of the shares of its minutes with calls in
// the three hours before. A service that always faults is no anomaly. Anomalous minutes at most GAP_MINUTES apart are one
// stretch. A stretch of a service that calls another with a stretch at the same time came from there.
import { GRAPH_ROW } from '../span/graph-rows.ts'
import { CLIENT_TYPE, type NodeKey } from '../span/graph-spans.ts'
import { NANOS_PER_MINUTE } from '../span/time.ts'
import type { TimeRange } from '../store/store.ts'
import { nodeKeyText } from './graph-statistics.ts'
import type { MinuteRows } from './service-series.ts'

const MIN_FAULTS = 3
const MIN_RATE = 0.05
/** The least that the usual share is taken for when its scatter is looked at: one fault in few calls is chance. */
const LEAST_USUAL = 0.01
const DEVIATIONS = 3
/** What is usual is looked up in so many minutes before. */
export const USUAL_MINUTES = 180
export const GAP_MINUTES = 5

export interface Impact {
  readonly fault: number
  readonly ok: number
  readonly total: number
}

export interface InsightMinute {
  readonly startNanos: bigint
  /** What clients called, all services together. */
  readonly clients: Impact
  readonly root: Impact
  /** Services that were anomalous in it, most faults first. */
  readonly anomalous: readonly NodeKey[]
}

export interface Insight {
  /** Where it came from. */
  readonly root: NodeKey
  /** Of the root's first anomalous minute. */
  readonly startNanos: bigint
  /** End of the last anomalous minute of any service of it. */
  readonly endNanos: bigint
  readonly clients: Impact
  readonly rootImpact: Impact
  /** The services that it reached and the root, most faults first. */
  readonly anomalous: readonly NodeKey[]
  /** In order of time: those in which a service of it was anomalous. */
  readonly minutes: readonly InsightMinute[]
}

interface MutableImpact {
  fault: number
  ok: number
  total: number
}

interface ServiceMinutes {
  readonly node: NodeKey
  /** Minute since the epoch → its calls. */
  readonly byMinute: Map<number, MutableImpact>
  readonly calls: Set<string>
}

/** Anomalous minutes of one service, at most GAP_MINUTES apart. */
interface Stretch {
  readonly text: string
  readonly minutes: readonly number[]
  readonly faults: number
}

/**
 * Newest first.
 *
 * @param rows of at least USUAL_MINUTES before the range; minutes before it are what is usual, and no part of an insight.
 */
export function findInsights(rows: readonly MinuteRows[], { startNanos, endNanos }: TimeRange): Insight[] {
  const { services, clients } = servicesOf(rows)
  const [from, to] = [minuteNumber(startNanos), minuteNumber(endNanos - 1n)]
  const stretches = new Map<string, Stretch[]>()
  for (const [text, service] of services) {
    const own = stretchesOf(text, service, from, to)
    if (own.length > 0) stretches.set(text, own)
  }
  const byOrigin = Map.groupBy([...stretches.values()].flat(), (stretch) => originOf(stretch, services, stretches))
  const insights = [...byOrigin].map(([origin, all]) => insightOf(origin, all, services, clients))
  return insights.sort((a, b) => (a.startNanos > b.startNanos ? -1 : a.startNanos < b.startNanos ? 1 : 0))
}

function servicesOf(rows: readonly MinuteRows[]): {
  readonly services: Map<string, ServiceMinutes>
  readonly clients: Map<number, MutableImpact>
} {
  const services = new Map<string, ServiceMinutes>()
  const clients = new Map<number, MutableImpact>()
  const serviceOf = (node: NodeKey): ServiceMinutes => {
    const text = nodeKeyText(node)
    let service = services.get(text)
    if (!service) services.set(text, (service = { node, byMinute: new Map(), calls: new Set() }))
    return service
  }
  for (const { startNanos, graph } of rows) {
    const minute = minuteNumber(startNanos)
    for (let row = 0; row < graph.size; row++) {
      const to = graph.nodes.keys[graph.to[row]!]!
      const fault = graph.fault[row]!
      const ok = graph.ok[row]!
      const counts = { fault, ok, total: ok + fault + graph.error[row]! + graph.throttle[row]! }
      if ((graph.bits[row]! & GRAPH_ROW.node) !== 0) addTo(serviceOf(to).byMinute, minute, counts)
      else {
        const caller = graph.nodes.keys[graph.from[row]!]!
        if (caller.type === CLIENT_TYPE) addTo(clients, minute, counts)
        else serviceOf(caller).calls.add(nodeKeyText(to))
      }
    }
  }
  return { services, clients }
}

function addTo(byMinute: Map<number, MutableImpact>, minute: number, counts: Impact): void {
  let impact = byMinute.get(minute)
  if (!impact) byMinute.set(minute, (impact = { fault: 0, ok: 0, total: 0 }))
  impact.fault += counts.fault
  impact.ok += counts.ok
  impact.total += counts.total
}

function stretchesOf(text: string, { byMinute }: ServiceMinutes, from: number, to: number): Stretch[] {
  const sorted = [...byMinute].filter(([, { total }]) => total > 0).sort(([a], [b]) => a - b)
  const stretches: { readonly text: string; readonly minutes: number[]; faults: number }[] = []
  for (const [i, [minute, counts]] of sorted.entries()) {
    if (minute < from || minute > to || counts.fault < MIN_FAULTS) continue
    const before: number[] = []
    for (let k = i - 1; k >= 0 && sorted[k]![0] >= minute - USUAL_MINUTES; k--) {
      before.push(sorted[k]![1].fault / sorted[k]![1].total)
    }
    if (!isAnomalous(counts, before)) continue
    const last = stretches.at(-1)
    if (last && minute - last.minutes.at(-1)! <= GAP_MINUTES) {
      last.minutes.push(minute)
      last.faults += counts.fault
    } else stretches.push({ text, minutes: [minute], faults: counts.fault })
  }
  return stretches
}

function isAnomalous({ fault, total }: Impact, before: number[]): boolean {
  const rate = fault / total
  if (rate < MIN_RATE) return false
  const usual = before.sort((a, b) => a - b)[Math.floor(before.length / 4)] ?? 0
  const deviation = Math.sqrt((Math.max(usual, LEAST_USUAL) * (1 - usual)) / total)
  return rate > usual + DEVIATIONS * deviation
}

/** Along the calls to services with a stretch at the same time, the one with the most faults first, as far as it goes. */
function originOf(
  stretch: Stretch,
  services: ReadonlyMap<string, ServiceMinutes>,
  stretches: ReadonlyMap<string, readonly Stretch[]>,
): Stretch {
  const seen = new Set([stretch.text])
  let at = stretch
  for (;;) {
    let next: Stretch | undefined
    for (const text of services.get(at.text)!.calls) {
      if (seen.has(text)) continue
      for (const other of stretches.get(text) ?? []) {
        if (touches(at, other) && (!next || other.faults > next.faults)) next = other
      }
    }
    if (!next) return at
    seen.add(next.text)
    at = next
  }
}

/** A call may begin in the minute before what it calls. */
function touches(a: Stretch, b: Stretch): boolean {
  return a.minutes[0]! <= b.minutes.at(-1)! + 1 && b.minutes[0]! <= a.minutes.at(-1)! + 1
}

function insightOf(
  origin: Stretch,
  all: readonly Stretch[],
  services: ReadonlyMap<string, ServiceMinutes>,
  clients: ReadonlyMap<number, Impact>,
): Insight {
  const root = services.get(origin.text)!
  const byFaults = all.toSorted((a, b) => b.faults - a.faults || (a.text < b.text ? -1 : 1))
  const numbers = [...new Set(all.flatMap(({ minutes }) => minutes))].sort((a, b) => a - b)
  const minutes = numbers.map((minute) => ({
    startNanos: startOf(minute),
    clients: clients.get(minute) ?? NONE,
    root: root.byMinute.get(minute) ?? NONE,
    anomalous: byFaults.filter((one) => one.minutes.includes(minute)).map(({ text }) => services.get(text)!.node),
  }))
  return {
    root: root.node,
    startNanos: startOf(origin.minutes[0]!),
    endNanos: startOf(numbers.at(-1)! + 1),
    clients: sumOf(minutes.map((minute) => minute.clients)),
    rootImpact: sumOf(minutes.map((minute) => minute.root)),
    anomalous: [...new Set(byFaults.map(({ text }) => services.get(text)!.node))],
    minutes,
  }
}

const NONE: Impact = { fault: 0, ok: 0, total: 0 }

function sumOf(impacts: readonly Impact[]): Impact {
  const sum = { fault: 0, ok: 0, total: 0 }
  for (const { fault, ok, total } of impacts) {
    sum.fault += fault
    sum.ok += ok
    sum.total += total
  }
  return sum
}

function minuteNumber(nanos: bigint): number {
  return Number(nanos / NANOS_PER_MINUTE)
}

function startOf(minute: number): bigint {
  return BigInt(minute) * NANOS_PER_MINUTE
}
