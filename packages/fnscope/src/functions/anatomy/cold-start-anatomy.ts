// What an initialization was made of, as parts of time: Sandbox, Extensions, Runtime and Function, and the imports within
// them. Pure: environment.ts measured, the trace's formats make spans of it.
import { importTree, type ImportNode } from './import-tree.ts'
import type { ImportLine } from './import-lines.ts'

/** What was measured of one initialization. */
export interface InitAnatomy {
  /** When the first process was asked for. */
  readonly spawnNanos: bigint
  /** When the runtime's was: later where extensions had to register first; absent: it never was. */
  readonly runtimeNanos: bigint | undefined
  readonly hasExtensions: boolean
  readonly imports: readonly ImportLine[]
}

export interface AnatomyPart {
  readonly name: string
  readonly startNanos: bigint
  readonly endNanos: bigint
  readonly attributes: Readonly<Record<string, string | number>>
  readonly children: readonly AnatomyPart[]
}

interface Interval {
  readonly startNanos: bigint
  readonly endNanos: bigint
}

/** Imports that took less are counted, not shown. */
const SHOWN_NANOS = 500_000n
const MOST_SHOWN = 300
/** The runtime's own modules; what is imported after the last of them at the top is the function's. */
const RUNTIME_MODULE = /^(awslambdaric(\.|$)|\(runtime\)$)/

/** The parts of an initialization; together they fill it. */
export function initParts(init: Interval & { readonly anatomy: InitAnatomy }): AnatomyPart[] {
  const { startNanos, endNanos, anatomy } = init
  const { imports, runtimeNanos } = anatomy
  const within = (at: bigint): bigint => (at < startNanos ? startNanos : at > endNanos ? endNanos : at)
  const begun = within(runtimeNanos ?? endNanos)
  const nodes = importTree(imports, { startNanos: begun, endNanos })
  const lastOwn = nodes.findLastIndex(({ name }) => RUNTIME_MODULE.test(name))
  const codeNanos = lastOwn >= 0 ? nodes[lastOwn]!.endNanos : (nodes[0]?.startNanos ?? endNanos)
  // A process is there when it says its first word; one that says none, when it was asked for.
  const aliveNanos = nodes[0]?.startNanos ?? begun
  const spawned = within(anatomy.spawnNanos)
  const shown = shownOf(nodes)
  return [
    part('Sandbox', { startNanos, endNanos: anatomy.hasExtensions ? spawned : aliveNanos }),
    ...(anatomy.hasExtensions ? [part('Extensions', { startNanos: spawned, endNanos: aliveNanos })] : []),
    ...(runtimeNanos === undefined
      ? []
      : [
          part('Runtime', { startNanos: aliveNanos, endNanos: codeNanos }, nodes.slice(0, lastOwn + 1), shown),
          ...(codeNanos < endNanos || lastOwn + 1 < nodes.length
            ? [part('Function', { startNanos: codeNanos, endNanos }, nodes.slice(lastOwn + 1), shown)]
            : []),
        ]),
  ]
}

/** The imports within an invocation, or an initializer of Function Compute. */
export function importParts(imports: readonly ImportLine[], bounds: Interval): AnatomyPart[] {
  const nodes = importTree(imports, bounds)
  return partsOf(nodes, shownOf(nodes))
}

function part(
  name: string,
  { startNanos, endNanos }: Interval,
  nodes: readonly ImportNode[] = [],
  shown: ReadonlySet<ImportNode> = new Set(),
): AnatomyPart {
  const count = countOf(nodes)
  return {
    name,
    startNanos,
    endNanos,
    attributes: count === 0 ? {} : { 'fnscope.imports': count },
    children: partsOf(nodes, shown),
  }
}

function partsOf(nodes: readonly ImportNode[], shown: ReadonlySet<ImportNode>): AnatomyPart[] {
  return nodes
    .filter((node) => shown.has(node))
    .map((node) => ({
      name: `import ${node.name}`,
      startNanos: node.startNanos,
      endNanos: node.endNanos,
      attributes: { 'fnscope.import.module': node.name, 'fnscope.import.self_ms': Number(node.selfNanos) / 1e6 },
      children: partsOf(node.children, shown),
    }))
}

/** The longest ones. One that lies in another is never longer, so that what is shown hangs together. */
function shownOf(nodes: readonly ImportNode[]): ReadonlySet<ImportNode> {
  const took = ({ startNanos, endNanos }: ImportNode): bigint => endNanos - startNanos
  const all = flat(nodes).filter((node) => took(node) >= SHOWN_NANOS && !RUNTIME_MARK.test(node.name))
  return new Set(all.toSorted((a, b) => Number(took(b) - took(a))).slice(0, MOST_SHOWN))
}

/** It stands for all that was before it. */
const RUNTIME_MARK = /^\(runtime\)$/

function flat(nodes: readonly ImportNode[]): ImportNode[] {
  return nodes.flatMap((node) => [node, ...flat(node.children)])
}

function countOf(nodes: readonly ImportNode[]): number {
  return flat(nodes).filter(({ name }) => !RUNTIME_MARK.test(name)).length
}
