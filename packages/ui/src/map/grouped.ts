// A map's nodes put together: by name (a Lambda service and its function are one), by account, or by type. Calls of the
// members are added up, what a group calls within itself is no edge.
import type {
  ConsoleCalls,
  ConsoleMap,
  ConsoleMapEdge,
  ConsoleMapNode,
} from '../../../fnscope/src/api/console-types.ts'

export const GROUPINGS = ['none', 'service', 'account', 'type'] as const
export type Grouping = (typeof GROUPINGS)[number]

export interface MapNode extends ConsoleMapNode {
  /** How many stand behind it. */
  readonly members: number
  /** The same over time, whatever the order of nodes. */
  readonly key: string
}

export interface MapGraph {
  readonly nodes: readonly MapNode[]
  readonly edges: readonly ConsoleMapEdge[]
}

/** A map of more nodes than that opens grouped. */
export const MANY_NODES = 60

export function grouped(map: Pick<ConsoleMap, 'nodes' | 'edges'>, grouping: Grouping): MapGraph {
  const keys = map.nodes.map((node) => groupKey(node, grouping))
  const indexes = new Map<string, number>()
  for (const key of keys) if (!indexes.has(key)) indexes.set(key, indexes.size)
  const members: ConsoleMapNode[][] = Array.from({ length: indexes.size }, () => [])
  for (const [at, node] of map.nodes.entries()) members[indexes.get(keys[at]!)!]!.push(node)
  const nodes = [...indexes].map(([key, id]) => groupNode(members[id]!, { id, key, grouping }))
  const edges = new Map<string, ConsoleMapEdge[]>()
  for (const edge of map.edges) {
    const [from, to] = [indexes.get(keys[edge.from]!)!, indexes.get(keys[edge.to]!)!]
    if (from === to && (grouping !== 'none' || edge.from !== edge.to)) continue
    const key = `${from} ${to} ${edge.type ?? ''}`
    const those = edges.get(key)
    if (those) those.push({ ...edge, from, to })
    else edges.set(key, [{ ...edge, from, to }])
  }
  return { nodes, edges: [...edges.values()].map((those) => ({ ...those[0]!, ...addCalls(those) })) }
}

function groupKey(node: ConsoleMapNode, grouping: Grouping): string {
  if (grouping === 'account') return node.client ? 'client' : (node.accountId ?? 'no account')
  if (grouping === 'type') return node.type === '' ? 'no type' : node.type
  if (grouping === 'service') return node.client ? `client ${node.name}` : node.name
  return JSON.stringify([node.name, node.type, node.accountId ?? ''])
}

function groupNode(
  members: readonly ConsoleMapNode[],
  { id, key, grouping }: { readonly id: number; readonly key: string; readonly grouping: Grouping },
): MapNode {
  const first = members[0]!
  if (members.length === 1 && grouping !== 'account' && grouping !== 'type') return { ...first, id, key, members: 1 }
  const calls = groupCalls(members)
  return {
    ...first,
    id,
    key,
    name: grouping === 'service' ? first.name : key,
    type: grouping === 'type' ? '' : kindOf(members),
    root: members.some(({ root }) => root),
    inferred: members.every(({ inferred }) => inferred),
    client: members.every(({ client }) => client),
    firstMs: Math.min(...members.map(({ firstMs }) => firstMs)),
    lastMs: Math.max(...members.map(({ lastMs }) => lastMs)),
    members: members.length,
    ...(calls === undefined ? {} : { calls }),
  }
}

/** Of a Lambda's two nodes the function says what it is. */
function kindOf(members: readonly ConsoleMapNode[]): string {
  return (members.find(({ type }) => type === 'AWS::Lambda::Function') ?? members[0]!).type
}

/** A function's calls are told twice, by the service and by the function: the function's own count. */
function groupCalls(members: readonly ConsoleMapNode[]): ConsoleCalls | undefined {
  const functions = new Set(members.filter(({ type }) => type === 'AWS::Lambda::Function').map(({ name }) => name))
  const counted = members.filter(({ type, name }) => type !== 'AWS::Lambda' || !functions.has(name))
  const calls = counted.flatMap((node) => (node.calls === undefined ? [] : [node.calls]))
  return calls.length === 0 ? undefined : addCalls(calls)
}

export function addCalls(all: readonly ConsoleCalls[]): ConsoleCalls {
  if (all.length === 1) return callsAlone(all[0]!)
  const sum = (of: (calls: ConsoleCalls) => number): number => all.reduce((total, calls) => total + of(calls), 0)
  const count = sum((calls) => calls.count)
  const bins = new Map<number, { readonly fromMs: number; readonly toMs: number; calls: number }>()
  for (const { histogram = [] } of all)
    for (const bin of histogram) {
      const known = bins.get(bin.fromMs)
      if (known) known.calls += bin.calls
      else bins.set(bin.fromMs, { ...bin })
    }
  const histogram = [...bins.values()].sort((a, b) => a.fromMs - b.fromMs)
  return {
    count,
    perSecond: sum((calls) => calls.perSecond),
    ok: sum((calls) => calls.ok),
    error: sum((calls) => calls.error),
    throttle: sum((calls) => calls.throttle),
    fault: sum((calls) => calls.fault),
    averageMs: count === 0 ? 0 : sum((calls) => calls.averageMs * calls.count) / count,
    p50Ms: quantile(histogram, 0.5),
    p90Ms: quantile(histogram, 0.9),
    p99Ms: quantile(histogram, 0.99),
    histogram,
  }
}

/** Without what an edge has beside its calls. */
function callsAlone({ count, perSecond, ok, error, throttle, fault, ...rest }: ConsoleCalls): ConsoleCalls {
  const { averageMs, p50Ms, p90Ms, p99Ms, histogram } = rest
  const calls = { count, perSecond, ok, error, throttle, fault, averageMs, p50Ms, p90Ms, p99Ms }
  return histogram === undefined ? calls : { ...calls, histogram }
}

/** The upper end of the step in which it lies. */
function quantile(histogram: NonNullable<ConsoleCalls['histogram']>, share: number): number {
  const total = histogram.reduce((sum, { calls }) => sum + calls, 0)
  let seen = 0
  for (const { toMs, calls } of histogram) {
    seen += calls
    if (seen >= share * total) return toMs
  }
  return 0
}
