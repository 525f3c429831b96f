import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { collectorNotice } from './collector-extension.ts'
import { externalExtensions } from './layer-extensions.ts'
import type { FunctionSpec } from './function-spec.ts'

const dir = mkdtempSync(join(tmpdir(), 'fnscope-collector-'))
after(() => rmSync(dir, { recursive: true }))
const layer = join(dir, 'layer')
mkdirSync(join(layer, 'extensions'), { recursive: true })
writeFileSync(join(layer, 'extensions/collector'), '', { mode: 0o755 })
writeFileSync(join(layer, 'extensions/other'), '', { mode: 0o755 })

const spec = (environment: Record<string, string>): FunctionSpec =>
  ({ logicalId: 'Fn', codeDir: dir, layerDirs: [layer], environment }) as unknown as FunctionSpec

test('an extension called collector is started, unless it is OpenTelemetry’s', () => {
  assert.deepEqual(
    externalExtensions([layer]).map(({ name }) => name),
    ['collector', 'other'],
  )
  mkdirSync(join(layer, 'collector-config'))
  assert.deepEqual(
    externalExtensions([layer]).map(({ name }) => name),
    ['other'],
  )
})

test('of a configuration, what the doors do not do is named', () => {
  const config = `
receivers:
  otlp: { protocols: { grpc: {} } }
  telemetryapi: {}
processors: { batch: {}, 'attributes/mine': {} }
exporters: { awsxray: {}, otlphttp: {} }
`
  writeFileSync(join(dir, 'collector.yaml'), config)
  const who = "Fn: fnscope's doors take what the OpenTelemetry collector of its layer would (OTLP on 4317 and 4318)"
  assert.equal(
    collectorNotice(spec({ OPENTELEMETRY_COLLECTOR_CONFIG_URI: 'file:/var/task/collector.yaml' }), true),
    `${who}; its configuration file:/var/task/collector.yaml also has receivers.telemetryapi, processors.attributes/mine: ignored.`,
  )
  assert.equal(
    collectorNotice(spec({ OPENTELEMETRY_COLLECTOR_CONFIG_FILE: 's3://bucket/c.yaml' }), false),
    `${who}; its configuration s3://bucket/c.yaml could not be read and is ignored.`,
  )
  assert.equal(collectorNotice(spec({}), true), `${who}.`)
  assert.equal(collectorNotice(spec({}), false), undefined)
})
