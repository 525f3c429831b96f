// Zipkin, which keeps everything in memory. It has no OTLP receiver: the same spans as its own JSON.
import { freePorts } from '../ingest/children.ts'
import { BUSIEST_FUNCTION, type Subject } from '../ingest/subject.ts'
import { installedPath, missingFile, startPeer } from './installed.ts'

const JAR = 'zipkin-server-exec.jar'
/** Measured: 2.6 kB a span. */
const HEAP_BYTES_PER_SPAN = 3000
const HEAP_MIN_GB = 4

export const zipkinSubject: Subject = {
  name: 'zipkin',
  protocols: ['zipkin-http'],
  keeps: 'memory',
  missing: () => missingFile(JAR, 'zipkin'),
  async start(_, spans) {
    const { query } = await freePorts('query')
    const url = `http://127.0.0.1:${query}`
    const heapGb = Math.max(HEAP_MIN_GB, Math.ceil((spans * HEAP_BYTES_PER_SPAN) / 1e9))
    const found = 'lookback=3600000&endTs={now_ms}'
    const graph = { hit: BUSIEST_FUNCTION, atMost: 3 }
    return await startPeer(
      {
        role: 'zipkin',
        command: 'java',
        args: [
          `-Xmx${heapGb}g`,
          '-Darmeria.preferredIpVersions=v4',
          '-Dserver.address=127.0.0.1',
          '-jar',
          installedPath(JAR),
        ],
        env: { STORAGE_TYPE: 'mem', MEM_MAX_SPANS: String(spans), QUERY_PORT: String(query) },
        readyUrl: `${url}/health`,
      },
      {
        target: () => `${url}/api/v2/spans`,
        questions: {
          trace_by_id: { url: `${url}/api/v2/trace/{id}`, hit: '{id}' },
          function_and_customer: {
            url: `${url}/api/v2/traces?serviceName={fn}&annotationQuery=customer%3D{customer}&limit=20&${found}`,
            hit: '{customer}',
          },
          newest_100_roots: {
            url: `${url}/api/v2/traces?serviceName=api-gateway&limit=100&${found}`,
            hit: 'traceId',
          },
          service_graph_1h: { url: `${url}/api/v2/dependencies?endTs={now_ms}&lookback=3600000`, ...graph },
          service_graph_24h: { url: `${url}/api/v2/dependencies?endTs={now_ms}&lookback=86400000`, ...graph },
          services: { url: `${url}/api/v2/services`, hit: BUSIEST_FUNCTION },
        },
      },
    )
  },
}
