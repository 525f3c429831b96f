// Jaeger 2, in memory and on disk with badger.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { freePorts } from '../ingest/children.ts'
import { jaegerQuestions } from '../ingest/jaeger-questions.ts'
import type { Subject } from '../ingest/subject.ts'
import { installedPath, missingFile, startPeer } from './installed.ts'

/** Fewer than a trace has on average: the ring then holds more spans than are asked for. */
const SPANS_PER_TRACE = 9

export function jaegerSubject(storage: 'memory' | 'badger'): Subject {
  return {
    name: `jaeger-${storage}`,
    protocols: ['otlp-http', 'otlp-grpc'],
    keeps: storage === 'memory' ? 'memory' : 'disk',
    missing: () => missingFile('bin/jaeger', 'jaeger'),
    async start(dataDir, spans) {
      const ports = await freePorts('grpc', 'http', 'query', 'queryGrpc')
      const at = (port: number): string => `127.0.0.1:${port}`
      const backend =
        storage === 'memory'
          ? { memory: { max_traces: Math.ceil(spans / SPANS_PER_TRACE) } }
          : {
              badger: {
                ephemeral: false,
                directories: { keys: join(dataDir, 'keys'), values: join(dataDir, 'values') },
                ttl: { spans: '48h' },
              },
            }
      const config = {
        service: {
          extensions: ['jaeger_storage', 'jaeger_query'],
          pipelines: { traces: { receivers: ['otlp'], exporters: ['jaeger_storage_exporter'] } },
          telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
        },
        extensions: {
          jaeger_query: {
            storage: { traces: 'main' },
            http: { endpoint: at(ports.query) },
            grpc: { endpoint: at(ports.queryGrpc) },
          },
          jaeger_storage: { backends: { main: backend } },
        },
        receivers: {
          otlp: { protocols: { grpc: { endpoint: at(ports.grpc) }, http: { endpoint: at(ports.http) } } },
        },
        exporters: { jaeger_storage_exporter: { trace_storage: 'main' } },
      }
      const file = join(dataDir, 'jaeger.yaml')
      // JSON is YAML.
      writeFileSync(file, JSON.stringify(config))
      const query = `http://${at(ports.query)}`
      return await startPeer(
        {
          role: 'jaeger',
          command: installedPath('bin/jaeger'),
          args: ['--config', file],
          readyUrl: `${query}/api/services`,
        },
        {
          target: (protocol) => (protocol === 'otlp-grpc' ? at(ports.grpc) : `http://${at(ports.http)}/v1/traces`),
          questions: jaegerQuestions(query),
        },
      )
    },
  }
}
