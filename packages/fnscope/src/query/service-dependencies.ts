// Which service called which, by name: what dependency graphs of Jaeger and Zipkin have of the service graph.
import { CLIENT_TYPE } from './graph-contribution.ts'
import type { Reader, TimeRange } from './reader.ts'
import { readServiceGraph } from './service-graph.ts'

export interface Dependency {
  readonly parent: string
  readonly child: string
  callCount: number
  /** Errors, throttled ones and faults. */
  errorCount: number
}

/** Calls between nodes by name, those included that did not report; who calls from outside is no service. */
export async function readDependencies(reader: Reader, range: TimeRange): Promise<Dependency[]> {
  const { nodes } = await readServiceGraph(reader, range)
  const dependencies = new Map<string, Dependency>()
  for (const node of nodes) {
    if (node.key.type === CLIENT_TYPE) continue
    for (const { target, edge } of node.edges) {
      const child = nodes[target]!.key.name
      const key = JSON.stringify([node.key.name, child])
      const known = dependencies.get(key) ?? { parent: node.key.name, child, callCount: 0, errorCount: 0 }
      const failed = edge.error + edge.throttle + edge.fault
      known.callCount += edge.ok + failed
      known.errorCount += failed
      dependencies.set(key, known)
    }
  }
  return [...dependencies.values()]
}

/** Names of what the service called, sorted. */
export async function readPeers(reader: Reader, range: TimeRange, service: string): Promise<string[]> {
  const found = (await readDependencies(reader, range)).filter(({ parent }) => parent === service)
  return [...new Set(found.map(({ child }) => child))].sort()
}
