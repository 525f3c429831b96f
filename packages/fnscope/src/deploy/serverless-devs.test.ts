import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import type { AppSpec } from '../functions/function-spec.ts'
import { readApp, type ReadAppOptions } from './read-app.ts'

// Custom runtimes only: Python's would ask for the image's packages.
function app(t: TestContext, yaml: string, files: Readonly<Record<string, string>> = {}): string {
  const dir = mkdtempSync(join(tmpdir(), 'fnscope-s-yaml-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  mkdirSync(join(dir, 'code'))
  writeFileSync(join(dir, 's.yaml'), yaml)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  return dir
}

async function read(dir: string, more: Partial<ReadAppOptions> = {}): Promise<AppSpec> {
  return await readApp(dir, {
    region: 'cn-hangzhou',
    accountId: '1234567890123456',
    cacheDir: join(dir, 'cache'),
    findPython: () => Promise.reject(new Error('no Python is wanted here')),
    ...more,
  })
}

test('how asynchronous calls are tried and told of is read in both editions, and what nobody can send there is said', async (t) => {
  const newer = await read(
    app(
      t,
      `
edition: 3.0.0
name: shop
resources:
  a:
    component: fc3
    props:
      functionName: a
      runtime: custom.debian10
      code: ./code
      asyncInvokeConfig:
        maxAsyncRetryAttempts: 0
        maxAsyncEventAgeInSeconds: 60
        destinationConfig:
          onSuccess: { destination: 'acs:fc:cn-hangzhou:1234567890123456:functions/b' }
          onFailure: { destination: 'acs:mns:::/queues/failed/messages' }
  b: { component: fc3, props: { functionName: b, runtime: custom, code: ./code } }
`,
    ),
  )
  assert.deepEqual(
    newer.functions.map(({ asynchronous }) => asynchronous),
    [
      {
        maximumRetryAttempts: 0,
        maximumEventAgeSeconds: 60,
        onSuccessArn: 'acs:fc:cn-hangzhou:1234567890123456:functions/b',
      },
      { maximumRetryAttempts: 3, maximumEventAgeSeconds: 86_400 },
    ],
  )
  assert.ok(newer.notices.some((text) => text.startsWith("a: asyncInvokeConfig's onFailure (acs:mns")))
  const older = (retries: string): string => `
name: old
services:
  a:
    component: fc
    props:
      service: { name: svc }
      function:
        name: a
        runtime: custom
        codeUri: ./code
        asyncConfiguration: { destination: { onFailure: 'acs:fc:::services/svc.LATEST/functions/b' }, maxAsyncRetryAttempts: ${retries} }
`
  assert.deepEqual((await read(app(t, older('8')))).functions[0]?.asynchronous, {
    maximumRetryAttempts: 8,
    maximumEventAgeSeconds: 86_400,
    onFailureArn: 'acs:fc:::services/svc.LATEST/functions/b',
  })
  await assert.rejects(read(app(t, older('9'))), /asyncConfiguration.maxAsyncRetryAttempts must be a whole number/)
})

test('instanceConcurrency is read from 1 to 200', async (t) => {
  const of = async (said: string): Promise<unknown> => {
    const yaml = `{ name: x, resources: { a: { component: fc3, props: { functionName: a, runtime: custom, code: ./code${said} } } } }`
    return (await read(app(t, yaml))).functions[0]?.fc?.instanceConcurrency
  }
  assert.deepEqual([await of(''), await of(', instanceConcurrency: 1')], [undefined, undefined])
  assert.equal(await of(', instanceConcurrency: 200'), 200)
  await assert.rejects(of(', instanceConcurrency: 201'), /props.instanceConcurrency must be a whole number/)
})

test('edition 3: settings, hooks, trigger and tracing of a function, with expressions in their place', async (t) => {
  const dir = app(
    t,
    `
edition: 3.0.0
name: shop
vars:
  prefix: dev
  memory: 1024
  name: \${vars.prefix}-orders
template:
  base: { timeout: 30, environmentVariables: { STAGE: dev, LEVEL: info } }
resources:
  orders:
    component: fc3
    extend: { name: base }
    props:
      region: cn-hangzhou
      functionName: \${vars.name}
      runtime: custom.debian10
      code: ./code
      memorySize: \${vars.memory}
      diskSize: 10240
      environmentVariables:
        LEVEL: \${env('FC_TEST_LEVEL', 'debug')}
        ACCOUNT: \${config('AccountID')}
        TEXT: \${file('./text.txt')}
        OTHER: arn:\${resources.orders.props.region}:\${this.props.functionName}
      customRuntimeConfig: { command: [python3, app.py], args: ['-v'], port: 8080 }
      instanceLifecycleConfig:
        initializer: { handler: index.initialize, timeout: 60 }
        preStop: { handler: index.pre_stop }
      tracingConfig: { type: Jaeger, params: { endpoint: 'http://x/api/traces' } }
      triggers:
        - triggerName: web
          triggerType: http
          triggerConfig: { authType: anonymous, methods: [GET, post] }
        - { triggerName: nightly, triggerType: timer, triggerConfig: {} }
  bucket:
    component: oss
`,
    { 'text.txt': 'from a file' },
  )
  const { stack, functions, triggers, outputs, notices } = await read(dir)
  const [spec] = functions
  assert.equal(stack, 'shop')
  assert.equal(functions.length, 1)
  assert.ok(spec?.fc)
  assert.equal(spec.name, 'dev-orders')
  assert.equal(spec.logicalId, 'orders')
  assert.equal(spec.timeoutSeconds, 30)
  assert.equal(spec.memoryMb, 1024)
  assert.equal(spec.ephemeralStorageMb, 10_240)
  assert.equal(spec.tracing, 'Active')
  assert.deepEqual(spec.environment, {
    STAGE: 'dev',
    LEVEL: 'debug',
    ACCOUNT: '1234567890123456',
    TEXT: 'from a file',
    OTHER: 'arn:cn-hangzhou:dev-orders',
  })
  assert.deepEqual(spec.fc, {
    edition: '3',
    service: '',
    initializer: { handler: 'index.initialize', timeoutSeconds: 60 },
    preStop: { handler: 'index.pre_stop', timeoutSeconds: 3 },
    custom: { command: ['python3', 'app.py', '-v'], port: 8080 },
    logProject: '',
    logStore: '',
  })
  const [trigger] = triggers.fcTriggers
  assert.ok(trigger)
  assert.match(trigger.id, /^dev-orders-[a-z0-9]{10}$/)
  assert.deepEqual(
    [trigger.methods, trigger.authType, trigger.functionName],
    [['GET', 'POST'], 'anonymous', 'dev-orders'],
  )
  assert.deepEqual(outputs, { orders: `https://${trigger.id}.cn-hangzhou.fcapp.run` })
  assert.deepEqual(notices, [
    'orders: trigger nightly (timer) is not emulated; invoke the function directly.',
    'bucket (component oss) is not emulated.',
  ])
})

test('the older edition: service and function, initializer beside the handler, tracing of the service', async (t) => {
  const dir = app(
    t,
    `
edition: 1.0.0
name: demo
vars:
  service: { name: demo-service, tracingConfig: Enable, logConfig: { project: p, logstore: l } }
services:
  hello:
    component: devsapp/fc
    props:
      region: cn-hangzhou
      service: \${vars.service}
      function:
        name: hello
        runtime: custom
        codeUri: ./code
        caPort: 9001
        initializer: index.init
        initializationTimeout: 5
        instanceLifecycleConfig: { preFreeze: { handler: index.freeze, timeout: 10 } }
      triggers:
        - { name: httpTrigger, type: http, config: { authType: anonymous, methods: [GET] } }
`,
  )
  const [spec] = (await read(dir)).functions
  assert.ok(spec?.fc)
  assert.equal(spec.tracing, 'Active')
  assert.deepEqual(spec.fc, {
    edition: '2',
    service: 'demo-service',
    initializer: { handler: 'index.init', timeoutSeconds: 5 },
    preFreeze: { handler: 'index.freeze', timeoutSeconds: 10 },
    custom: { command: [], port: 9001 },
    logProject: 'p',
    logStore: 'l',
  })
})

const minimal = (more: string): string => `
edition: 3.0.0
resources:
  f:
    component: fc3
    props: { functionName: f, runtime: custom, code: ./code${more} }
`

for (const [setting, fcTracing, tracing] of [
  ['', 'template', 'PassThrough'],
  [', tracingConfig: {}', 'template', 'PassThrough'],
  [', tracingConfig: Disable', 'template', 'PassThrough'],
  [', tracingConfig: { type: Jaeger }', 'template', 'Active'],
  [', tracingConfig: { type: Jaeger }', 'off', 'PassThrough'],
  ['', 'on', 'Active'],
] as const)
  test(`"${setting}" with the switch at ${fcTracing} is ${tracing}`, async (t) => {
    const [spec] = (await read(app(t, minimal(setting)), { fcTracing })).functions
    assert.equal(spec?.tracing, tracing)
  })

for (const [what, yaml, wanted] of [
  ['broken YAML', 'resources: [', /s\.yaml:1:\d+: /],
  ['no function', 'edition: 3.0.0\nresources: {}', /has no function\. Add one under resources/],
  [
    'an unknown runtime',
    minimal(', memorySize: 512').replace('custom', 'java11'),
    /resources\.f\.props\.runtime is "java11"/,
  ],
  [
    'a variable that is nowhere',
    minimal(', description: "${vars.nope}"'),
    /props\.description: \$\{vars\.nope\} has no value\. Define it under vars/,
  ],
  [
    'an environment variable that is not set',
    minimal(', description: "${env(FC_NOT_SET)}"'),
    /Define it in the environment of fnscope \(FC_NOT_SET=…\)/,
  ],
  [
    'values in a circle',
    `vars: { a: "\${vars.b}", b: "\${vars.a}" }${minimal(', description: "${vars.a}"')}`,
    /in a circle/,
  ],
  [
    'code that is nowhere',
    minimal('').replace('./code', './nothing'),
    /props\.code is \.\/nothing, and .*nothing is no directory/,
  ],
  ['too little memory', minimal(', memorySize: 1'), /memorySize must be a whole number from 128 to 32768, not 1/],
  [
    'a handler that is no name',
    minimal(', handler: x').replace('custom', 'nodejs20'),
    /handler is "x"; it names a file and a function/,
  ],
] as const)
  test(`${what} is refused with its place`, async (t) => {
    await assert.rejects(read(app(t, yaml)), (error: Error) => {
      assert.match(error.message, wanted)
      return true
    })
  })
