// fnscope as a subject of the ingest benchmark: started as a user starts it, asked through its public interfaces.
import { join } from 'node:path'

import { startFnscope, type StartedFnscope } from '../../test/started-fnscope.ts'
import { childrenOf, cpuSeconds } from '../measure.ts'
import { dyingWithUs, endChild, ownChild } from './children.ts'
import { countOf, engineAddress, engineCounters, tableSizes, type EngineAddress } from './engine-sql.ts'
import { jaegerQuestions } from './jaeger-questions.ts'
import { BUSIEST_FUNCTION, type Protocol, type RunningSubject, type Subject } from './subject.ts'

const DATABASE = 'fnscope'

/** `args`: more of the command line, as --fsync. */
export function fnscopeSubject(name: string, args: readonly string[]): Subject {
  return {
    name,
    protocols: ['otlp-http', 'otlp-grpc', 'xray-http', 'xray-udp'],
    keeps: 'disk',
    missing: () => undefined,
    start: (dataDir) => startFnscopeSubject(dataDir, args),
  }
}

export async function startFnscopeSubject(
  dataDir: string,
  args: readonly string[],
): Promise<RunningSubject & { readonly metricsUrl: string }> {
  const fnscope = await startFnscope({
    dataDir,
    args,
    command: dyingWithUs(process.execPath),
  })
  ownChild(fnscope.child)
  const pid = fnscope.child.pid!
  const engine = (): EngineAddress => engineAddress(join(dataDir, 'store'), childrenOf(pid)[0] ?? 0)
  return {
    metricsUrl: `${fnscope.url}/metrics`,
    processes: () => [{ role: 'fnscope', pid }, ...childrenOf(pid).map((child) => ({ role: 'engine', pid: child }))],
    target: (protocol) => targetOf(fnscope, protocol),
    questions: questionsOf(fnscope),
    storedSpans: () => countOf(engine(), `${DATABASE}.spans`),
    tables: () => tableSizes(engine(), DATABASE),
    work: async () => ({
      cpuSeconds: { fnscope: cpuSeconds(pid) ?? 0, engine: cpuSeconds(childrenOf(pid)[0] ?? 0) ?? 0 },
      ...(await engineCounters(engine())),
    }),
    stop: () => endChild(fnscope.child),
  }
}

/** host:port of a door that is open. */
function doorOf({ doors }: StartedFnscope, name: string): string | undefined {
  return /^[^ ]+:\d+$/.exec(doors[name] ?? '')?.[0]
}

function targetOf(fnscope: StartedFnscope, protocol: Protocol): string | undefined {
  if (protocol === 'xray-http') return `${fnscope.url}/TraceSegments`
  if (protocol === 'xray-udp') return doorOf(fnscope, 'xray-daemon')
  const address = doorOf(fnscope, protocol)
  return protocol === 'otlp-http' && address !== undefined ? `http://${address}/v1/traces` : address
}

function questionsOf(fnscope: StartedFnscope): RunningSubject['questions'] {
  const { url } = fnscope
  const graph = {
    url: `${url}/ServiceGraph`,
    body: '{"StartTime":{ago_s},"EndTime":{now_s}}',
    header: 'Authorization: bench',
    hit: `"Name":"${BUSIEST_FUNCTION}"`,
  }
  const jaeger = doorOf(fnscope, 'jaeger-query')
  const { trace_by_id, function_and_customer, services } =
    jaeger === undefined ? {} : jaegerQuestions(`http://${jaeger}`)
  return {
    trace_by_id: trace_by_id ?? { url: `${url}/api/traces/{xray_id}`, hit: '{xray_id}' },
    ...(function_and_customer === undefined ? {} : { function_and_customer }),
    newest_100_roots: { url: `${url}/api/traces?limit=100&sinceMs=3600000`, hit: '"durationMs"' },
    service_graph_1h: { ...graph, hoursAgo: 1 },
    service_graph_24h: { ...graph, hoursAgo: 24 },
    ...(services === undefined ? {} : { services }),
  }
}
