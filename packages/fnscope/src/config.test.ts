import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig, type ConfigFlags } from './config.ts'

test('without flags and variables it is the documented defaults, on loopback', () => {
  const config = readConfig({}, {})
  const { dataDir, host, port, portExplicit, storeUrl, token, retention, sampling, region, logLevel } = config
  assert.deepEqual(
    { dataDir, host, port, portExplicit, storeUrl, token, retention, sampling, region, logLevel },
    {
      dataDir: '.fnscope',
      host: '127.0.0.1',
      port: 4747,
      portExplicit: false,
      storeUrl: undefined,
      token: undefined,
      retention: { spansDays: 7, logsDays: 7, metricsDays: 7 },
      sampling: 'all',
      region: 'us-east-1',
      logLevel: 'warn',
    },
  )
  assert.deepEqual(config.doors['xray-daemon'], { host: '127.0.0.1', port: 2000, explicit: false })
  assert.ok(Object.isFrozen(config))
})

const BOTH: readonly (readonly [keyof ConfigFlags, string, string, string, string])[] = [
  ['data', 'FNSCOPE_DATA', 'dataDir', '/a', '/b'],
  ['host', 'FNSCOPE_HOST', 'host', 'localhost', '::1'],
  ['store', 'FNSCOPE_STORE', 'storeUrl', 'http://a', 'http://b'],
  ['token', 'FNSCOPE_TOKEN', 'token', 't', 'u'],
  ['sampling', 'FNSCOPE_SAMPLING', 'sampling', 'cloud', 'all'],
  ['logLevel', 'FNSCOPE_LOG_LEVEL', 'logLevel', 'debug', 'info'],
]
for (const [flag, variable, key, first, second] of BOTH) {
  test(`--${flag} wins over ${variable}, which wins over the default; empty is not set`, () => {
    const value = (flags: ConfigFlags, env: Record<string, string>): unknown => readConfig(flags, env)[key as 'dataDir']
    assert.equal(value({ [flag]: first }, { [variable]: second }), first)
    assert.equal(value({}, { [variable]: second }), second)
    assert.equal(value({}, { [variable]: '' }), value({}, {}))
  })
}

test('ports: a named one is meant, auto takes free ones for all, and both go together', () => {
  assert.deepEqual(pick({ port: '5000' }, {}), [5000, true, 2000])
  assert.deepEqual(pick({}, { FNSCOPE_PORT: '5001' }), [5001, true, 2000])
  assert.deepEqual(pick({ ports: 'auto' }, {}), [0, false, 0])
  assert.deepEqual(pick({ ports: 'auto', port: '5000' }, {}), [5000, true, 0])
})

function pick(flags: ConfigFlags, env: Record<string, string>): unknown[] {
  const { port, portExplicit, doors } = readConfig(flags, env)
  const door = doors['xray-daemon']
  return [port, portExplicit, door === 'off' ? 'off' : door.port]
}

test('a door moves, closes, and the last word on it counts', () => {
  const door = (...texts: string[]): unknown => readConfig({ door: texts }, {}).doors['xray-daemon']
  assert.deepEqual(door('xray-daemon=127.0.0.1:2001'), { host: '127.0.0.1', port: 2001, explicit: true })
  assert.equal(door('xray-daemon=off'), 'off')
  assert.equal(door('xray-daemon=127.0.0.1:2001', 'xray-daemon=off'), 'off')
})

test("retention is in days or hours, for all signals or by signal; the region is the AWS tools' own", () => {
  const kept = (retention: string): unknown => readConfig({ retention }, {}).retention
  assert.deepEqual(kept('12h'), { spansDays: 0.5, logsDays: 0.5, metricsDays: 0.5 })
  assert.deepEqual(kept('logs=3d,metrics=30d'), { spansDays: 7, logsDays: 3, metricsDays: 30 })
  assert.deepEqual(kept('1d, logs=48h'), { spansDays: 1, logsDays: 2, metricsDays: 1 })
  assert.equal(readConfig({}, { FNSCOPE_RETENTION: '30d' }).retention.metricsDays, 30)
  assert.equal(readConfig({}, { AWS_DEFAULT_REGION: 'eu-west-1' }).region, 'eu-west-1')
  assert.equal(readConfig({}, { AWS_REGION: 'ap-south-1', AWS_DEFAULT_REGION: 'eu-west-1' }).region, 'ap-south-1')
  assert.equal(readConfig({}, { XDG_CACHE_HOME: '/c' }).cacheDir, '/c/fnscope')
  assert.equal(readConfig({}, { FNSCOPE_CACHE: '/d', XDG_CACHE_HOME: '/c' }).cacheDir, '/d')
})

const REFUSED: readonly (readonly [ConfigFlags, Record<string, string>, RegExp])[] = [
  [{ port: 'x' }, {}, /--port wants a port from 0 to 65535, not "x"/],
  [{ port: '70000' }, {}, /--port/],
  [{ ports: 'some' }, {}, /--ports knows only "auto"/],
  [{ door: ['gopher=off'] }, {}, /NAME one of xray-daemon/],
  [{ door: ['xray-daemon'] }, {}, /NAME=HOST:PORT/],
  [{ door: ['xray-daemon=127.0.0.1:99999'] }, {}, /--door wants a port/],
  [{ retention: 'forever' }, {}, /days or hours like 7d or 12h/],
  [{ retention: '0d' }, {}, /--retention/],
  [{ retention: 'traces=3d' }, {}, /spans=7d,logs=3d/],
  [{ sampling: 'some' }, {}, /"all" or "cloud", not "some"/],
  [{}, { FNSCOPE_SEGMENT_STYLE: 'odd' }, /"old" or "new", not "odd"/],
  [{ logLevel: 'loud' }, {}, /--log-level is one of .*silent, not "loud"/],
]
for (const [flags, env, message] of REFUSED) {
  test(`${JSON.stringify({ ...flags, ...env })} is refused with what is wanted`, () => {
    assert.throws(() => readConfig(flags, env), { code: 'FNS_USAGE', message, exitCode: 2 })
  })
}

test('a wider address without a token is refused; with one, by flag or variable, it is taken', () => {
  assert.throws(() => readConfig({ host: '0.0.0.0' }, {}), { code: 'FNS_WIDE_WITHOUT_TOKEN' })
  assert.equal(readConfig({ host: '0.0.0.0', token: 't' }, {}).host, '0.0.0.0')
  assert.equal(readConfig({}, { FNSCOPE_HOST: '::', FNSCOPE_TOKEN: 't' }).host, '::')
})

test('the OTLP doors have the ports that exporters send to; wider than loopback they want a token', () => {
  const { doors } = readConfig({}, {})
  assert.deepEqual(doors['otlp-http'], { host: '127.0.0.1', port: 4318, explicit: false })
  assert.deepEqual(doors['otlp-grpc'], { host: '127.0.0.1', port: 4317, explicit: false })
  const door = ['otlp-grpc=0.0.0.0:4317']
  assert.throws(() => readConfig({ door }, {}), /--door otlp-grpc=0\.0\.0\.0:4317 .*--token SECRET/)
  assert.deepEqual(readConfig({ door, token: 't' }, {}).doors['otlp-grpc'], {
    host: '0.0.0.0',
    port: 4317,
    explicit: true,
  })
  assert.doesNotThrow(() => readConfig({ door: ['xray-daemon=0.0.0.0:2000'] }, {}))
})
