// The OpenTelemetry Collector: one that receives and drops, which is the floor, and one that writes into an engine like
// ours through its ClickHouse exporter, which is the nearest relative.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { silentLogger } from '../../packages/fnscope/src/log.ts'
import { startEngine } from '../../packages/fnscope/src/store/engine.ts'
import { freePorts } from '../ingest/children.ts'
import { countOf, engineAddress, tableSizes } from '../ingest/engine-sql.ts'
import type { RunningSubject, Subject } from '../ingest/subject.ts'
import { installedPath, missingFile, startPeer } from './installed.ts'
import { exporterQuestions } from './otelcol-questions.ts'

const DATABASE = 'otel'

export const otelcolNopSubject: Subject = {
  name: 'otelcol-nop',
  protocols: ['otlp-http', 'otlp-grpc'],
  keeps: 'nothing',
  missing: () => missingFile('bin/otelcol', 'otelcol'),
  start: (dataDir) => startCollector(dataDir, { nop: {} }),
}

/**
 * Acknowledges into a queue in its memory of at most 500,000 spans, and waits when that is full instead of dropping,
 * so that what it acknowledged is stored; a crash loses the queue.
 */
export const otelcolClickhouseSubject: Subject = {
  name: 'otelcol-clickhouse',
  protocols: ['otlp-http', 'otlp-grpc'],
  keeps: 'disk',
  missing: () => missingFile('bin/otelcol', 'otelcol'),
  async start(dataDir) {
    const storeDir = join(dataDir, 'store')
    const engine = await startEngine({ dataDir: storeDir, log: silentLogger })
    const address = engineAddress(storeDir, engine.pid)
    try {
      const clickhouse = {
        endpoint: engine.url,
        username: engine.username,
        password: engine.password,
        database: DATABASE,
        timeout: '60s',
        // Batches are made here: the engine need not gather them once more.
        async_insert: false,
        sending_queue: {
          sizer: 'items',
          queue_size: 500_000,
          block_on_overflow: true,
          num_consumers: 2,
          batch: { min_size: 50_000, max_size: 100_000, flush_timeout: '1s' },
        },
      }
      const collector = await startCollector(dataDir, { clickhouse })
      return {
        ...collector,
        processes: () => [...collector.processes(), { role: 'engine', pid: engine.pid }],
        questions: exporterQuestions(address, DATABASE),
        storedSpans: () => countOf(address, `${DATABASE}.otel_traces`),
        tables: () => tableSizes(address, DATABASE),
        async stop() {
          await collector.stop()
          await engine.stop()
        },
      }
    } catch (error) {
      await engine.stop()
      throw error
    }
  },
}

async function startCollector(dataDir: string, exporter: { readonly [name: string]: object }): Promise<RunningSubject> {
  const ports = await freePorts('grpc', 'http')
  const at = (port: number): string => `127.0.0.1:${port}`
  const config = {
    receivers: { otlp: { protocols: { grpc: { endpoint: at(ports.grpc) }, http: { endpoint: at(ports.http) } } } },
    exporters: exporter,
    service: {
      telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
      pipelines: { traces: { receivers: ['otlp'], exporters: Object.keys(exporter) } },
    },
  }
  const file = join(dataDir, 'otelcol.yaml')
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
  return await startPeer(
    {
      role: 'otelcol',
      command: installedPath('bin/otelcol'),
      args: ['--config', `file:${file}`],
      readyUrl: `http://${at(ports.http)}/v1/traces`,
    },
    {
      target: (protocol) => (protocol === 'otlp-grpc' ? at(ports.grpc) : `http://${at(ports.http)}/v1/traces`),
      questions: {},
    },
  )
}
