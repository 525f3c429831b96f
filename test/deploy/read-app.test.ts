// The apps of test/apps, read as a user would deploy them. Dependencies come from PyPI once, then from the cache.
import assert from 'node:assert/strict'
import { cp, mkdir, rename, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { appDir, findPython, makeApp, read, run, temporaryDir, withoutPython } from './app-fixture.ts'
import { VENV } from '../started-fnscope.ts'

const SAM = join(VENV, 'bin/sam')

const skip = await withoutPython('python3.11')

test('the demo app: one function in old style, its route, its outputs, its packages', { skip }, async () => {
  const app = await read(appDir('sam-app'))
  assert.equal(app.stack, 'sam-app')
  const [fn] = app.functions
  assert.ok(fn && app.functions.length === 1)
  assert.match(fn.name, /^sam-app-HelloWorldFunction-[A-Za-z0-9]{12}$/)
  assert.partialDeepStrictEqual(fn, {
    runtime: 'python3.11',
    handler: 'app.lambda_handler',
    codeDir: join(appDir('sam-app'), 'hello_world'),
    tracing: 'Active',
    segmentStyle: 'old',
    logFormat: 'Text',
    timeoutSeconds: 5,
    memoryMb: 128,
    logGroup: `/aws/lambda/${fn.name}`,
  })
  const [api] = app.triggers.restApis
  assert.deepEqual(api?.routes, [
    { method: 'GET', path: '/hello', target: { kind: 'function', functionName: fn.name } },
  ])
  assert.equal(api.tracing, false)
  assert.deepEqual(app.outputs, {
    HelloWorldApi: `https://${api.apiId}.execute-api.us-east-1.amazonaws.com/Prod/hello`,
    HelloWorldFunction: `arn:aws:lambda:us-east-1:000000000000:function:${fn.name}`,
  })
  assert.deepEqual(app.notices, [])
  const python = await findPython('python3.11')
  const script = 'import aws_lambda_powertools, aws_xray_sdk; print(aws_lambda_powertools.__name__)'
  const { stdout } = await run(python, ['-c', script], {
    env: { ...process.env, PYTHONPATH: fn.dependencyDirs.join(':') },
  })
  assert.equal(stdout.trim(), 'aws_lambda_powertools')
})

test(
  'sam-powertools: Globals reach the function and the implicit API, and an unknown resource is a notice',
  { skip },
  async () => {
    const app = await read(appDir('sam-powertools'))
    assert.partialDeepStrictEqual(app.functions[0], {
      logFormat: 'JSON',
      segmentStyle: 'new',
      environment: { POWERTOOLS_SERVICE_NAME: 'greeter' },
      tags: { Application: 'sam-powertools', 'lambda:createdBy': 'SAM' },
    })
    assert.equal(app.triggers.restApis[0]?.tracing, true)
    assert.deepEqual(
      app.triggers.restApis[0].routes.map((route) => route.path),
      ['/hello', '/hello/{name}'],
    )
    assert.deepEqual(app.notices, ['ApplicationResourceGroup (AWS::ResourceGroups::Group) is not emulated.'])
  },
)

test(
  'xray-python: a layer directory that was never filled is stood in for by the requirements beside it',
  { skip },
  async () => {
    const app = await read(appDir('xray-python'))
    const [layer] = app.functions[0]?.layerDirs ?? []
    assert.ok(layer)
    await findPython('python3.11')
    const { stdout } = await run('python3.11', ['-c', 'import aws_xray_sdk, requests; print("ok")'], {
      env: { ...process.env, PYTHONPATH: join(layer, 'python') },
    })
    assert.equal(stdout.trim(), 'ok')
    assert.match(app.notices.join('\n'), /libs: package\/\. does not exist/)
  },
)

test('node-basic: an HTTP API with one route and a function URL', async () => {
  const app = await read(appDir('node-basic'))
  assert.equal(app.functions[0]?.codeDir, appDir('node-basic'))
  assert.deepEqual(app.triggers.restApis, [])
  assert.match(app.outputs['Url'] ?? '', /^https:\/\/[a-z0-9]{32}\.lambda-url\.us-east-1\.on\.aws\/$/)
  assert.partialDeepStrictEqual(app.triggers.httpApis, [
    { stage: '$default', routes: [{ method: 'ANY', path: '/node' }] },
  ])
  assert.equal(app.triggers.functionUrls[0]?.functionName, app.functions[0]?.name)
  assert.deepEqual(app.notices, [])
})

test('names do not change between runs, and a stack name and parameters given win', async () => {
  const [one, two] = [await read(appDir('node-basic')), await read(appDir('node-basic'))]
  assert.deepEqual(one, two)
  const other = await read(appDir('node-basic'), { stackName: 'other', segmentStyle: 'old' })
  assert.match(other.functions[0]?.name ?? '', /^other-NodeFunction-/)
  assert.equal(other.functions[0]?.segmentStyle, 'old')
})

/** The layout `sam build` leaves: CodeUri and ContentUri are directories beside the template, dependencies inside. */
const BUILT = JSON.stringify({
  Transform: 'AWS::Serverless-2016-10-31',
  Globals: { Function: { Runtime: 'python3.11' } },
  Resources: {
    Hello: {
      Type: 'AWS::Serverless::Function',
      Properties: { CodeUri: 'Hello', Handler: 'app.handler', Layers: [{ Ref: 'Libs' }] },
      Metadata: { SamResourceId: 'Hello' },
    },
    Libs: {
      Type: 'AWS::Serverless::LayerVersion',
      Properties: { ContentUri: 'Libs' },
      Metadata: { BuildMethod: 'python3.11', SamResourceId: 'Libs' },
    },
  },
})
const SOURCE = BUILT.replace('"CodeUri":"Hello"', '"CodeUri":"src/"').replace(
  '"ContentUri":"Libs"',
  '"ContentUri":"libs/"',
)

test('what sam build left is used when it is not older than the template, and needs no installing', async (t) => {
  const dir = await makeApp(t, {
    'template.json': SOURCE,
    'src/app.py': '',
    'libs/lib.py': '',
    '.aws-sam/build/template.yaml': BUILT,
    '.aws-sam/build/Hello/app.py': '',
    '.aws-sam/build/Hello/requirements.txt': 'no-such-package-of-fnscope==1',
    '.aws-sam/build/Libs/python/lib.py': '',
  })
  const old = new Date(Date.now() - 60_000)
  await utimes(join(dir, 'template.json'), old, old)
  const built = await read(dir)
  assert.equal(built.functions[0]?.codeDir, join(dir, '.aws-sam/build/Hello'))
  assert.deepEqual(built.functions[0].dependencyDirs, [])
  assert.deepEqual(built.functions[0].layerDirs, [join(dir, '.aws-sam/build/Libs')])

  await utimes(join(dir, '.aws-sam/build/template.yaml'), new Date(0), new Date(0))
  const cacheDir = await temporaryDir(t)
  const source = await read(dir, { cacheDir })
  assert.equal(source.functions[0]?.codeDir, join(dir, 'src'))
  assert.equal(source.functions[0].name, built.functions[0].name)
  assert.ok(source.functions[0].layerDirs[0]?.startsWith(cacheDir))
  assert.match(source.notices[0] ?? '', /older than template\.json/)
})

test('a real sam build of the demo app is read as it is', { skip: skip ?? (await withoutSam()) }, async (t) => {
  const dir = await temporaryDir(t)
  await cp(appDir('sam-app'), dir, { recursive: true })
  await run(SAM, ['build'], { cwd: dir, env: { ...process.env, SAM_CLI_TELEMETRY: '0' } })
  const app = await read(dir)
  assert.equal(app.functions[0]?.codeDir, join(dir, '.aws-sam/build/HelloWorldFunction'))
  assert.equal(app.functions[0].segmentStyle, 'old')
  assert.deepEqual(app.functions[0].dependencyDirs, [])
})

async function withoutSam(): Promise<string | undefined> {
  return await run(SAM, ['--version']).then(
    () => undefined,
    () => 'SKIPPED: no sam in the environment of the test clients',
  )
}

const FUNCTION = `
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      Code: { ZipFile: "def handler(event, context): return event" }`

test('CloudFormation functions are read too: inline code, tracing, tags as a list, numbers as text', async (t) => {
  const cacheDir = await temporaryDir(t)
  const dir = await makeApp(t, {
    'template.yml': `Resources:${FUNCTION}
      FunctionName: plain
      TracingConfig: { Mode: Active }
      Architectures: [arm64]
      ReservedConcurrentExecutions: 2
      EphemeralStorage: { Size: 1024 }
      LoggingConfig: { LogFormat: JSON, ApplicationLogLevel: DEBUG, SystemLogLevel: WARN, LogGroup: /my/group }
      Tags: [{ Key: team, Value: a }]
      Environment: { Variables: { COUNT: 3, ON: true } }
  Gone: { Type: AWS::Lambda::Function, Condition: Never, Properties: {} }
Conditions: { Never: !Equals [a, b] }
Outputs: { Lost: { Condition: Never, Value: !Ref Gone }, Kept: { Value: !GetAtt Fn.Arn } }`,
  })
  const app = await read(dir, { cacheDir })
  const [fn] = app.functions
  assert.partialDeepStrictEqual(fn, {
    name: 'plain',
    tracing: 'Active',
    architecture: 'arm64',
    reservedConcurrency: 2,
    ephemeralStorageMb: 1024,
    logFormat: 'JSON',
    applicationLogLevel: 'DEBUG',
    systemLogLevel: 'WARN',
    logGroup: '/my/group',
    timeoutSeconds: 3,
    tags: { team: 'a' },
  })
  assert.deepEqual(fn?.environment, { COUNT: '3', ON: 'true' })
  assert.ok(fn?.codeDir.startsWith(cacheDir))
  assert.deepEqual(Object.keys(app.outputs), ['Kept'])
})

test('an explicit API has its own stage, CORS and variables, and routes name it by RestApiId', async (t) => {
  const dir = await makeApp(t, {
    'index.mjs': '',
    'template.yaml': `
Globals:
  Api: { Cors: "'https://shop.example'", TracingEnabled: true }
Resources:
  Shop: { Type: AWS::Serverless::Api, Properties: { Name: shop-api, StageName: live, Variables: { a: 1 }, Cors: { AllowOrigin: "'*'", AllowMethods: "'GET'" }, Auth: { DefaultAuthorizer: X, Authorizers: { X: { FunctionArn: !GetAtt Fn.Arn } } } } }
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Runtime: nodejs22.x
      Handler: index.handler
      Environment: { Variables: { FNSCOPE_SEGMENT_STYLE: old } }
      Events:
        One: { Type: Api, Properties: { Path: /one, Method: any, RestApiId: !Ref Shop } }
        Two: { Type: Api, Properties: { Path: /two, Method: post } }
        Far: { Type: Api, Properties: { Path: /far, Method: get, RestApiId: !ImportValue far } }
        Tick: { Type: Schedule, Properties: { Schedule: rate(1 minute) } }
        Mail: { Type: IoTRule, Properties: { Sql: SELECT 1 } }
Outputs:
  Url: { Value: !Sub "https://\${Shop}.execute-api.\${AWS::Region}.amazonaws.com/\${Shop.Stage}/one" }
`,
  })
  const app = await read(dir)
  const [shop, implicit] = app.triggers.restApis
  assert.partialDeepStrictEqual(shop, {
    logicalId: 'Shop',
    name: 'shop-api',
    stage: 'live',
    stageVariables: { a: '1' },
    tracing: true,
    cors: { allowOrigin: '*', allowMethods: 'GET', allowHeaders: '', everyPath: true },
  })
  assert.deepEqual(
    shop?.routes.map(({ method, path }) => `${method} ${path}`),
    ['ANY /one'],
  )
  assert.partialDeepStrictEqual(implicit, { stage: 'Prod', cors: { allowOrigin: 'https://shop.example' } })
  assert.equal(app.functions[0]?.segmentStyle, 'old')
  assert.equal(app.outputs['Url'], `https://${shop?.apiId}.execute-api.us-east-1.amazonaws.com/live/one`)
  assert.partialDeepStrictEqual(shop?.routes[0]?.authorizer, { kind: 'lambda', type: 'TOKEN', name: 'X' })
  assert.equal(implicit?.routes[0]?.authorizer, undefined)
  assert.match(app.notices.join('\n'), /outside this template/)
  assert.match(app.notices.join('\n'), /event Mail \(IoTRule\)/)
  assert.partialDeepStrictEqual(app.triggers.schedules, [{ expression: 'rate(1 minute)', kind: 'rule' }])
})

const refusals: readonly (readonly [string, string, RegExp, Record<string, string>])[] = [
  ['an empty directory', 'FNS_APP_NOT_FOUND', /template\.yaml, template\.yml, template\.json/, { 'readme.md': '' }],
  [
    'broken YAML',
    'FNS_TEMPLATE_INVALID',
    /template\.yaml:3:\d+: /,
    { 'template.yaml': 'Resources:\n  A: [1, 2\n  B: 3\n' },
  ],
  [
    'no function',
    'FNS_TEMPLATE_NO_FUNCTION',
    /template\.yaml/,
    { 'template.yaml': 'Resources: { T: { Type: AWS::SNS::Topic } }' },
  ],
  [
    'no Handler',
    'FNS_TEMPLATE_NO_HANDLER',
    /function Fn has no Handler/,
    { 'template.yaml': `Resources:${FUNCTION.replace(/.*Handler:.*\n/, '')}` },
  ],
  [
    'no Runtime',
    'FNS_TEMPLATE_INVALID',
    /function Fn has no Runtime/,
    { 'template.yaml': `Resources:${FUNCTION.replace(/.*Runtime:.*\n/, '')}` },
  ],
  [
    'a missing CodeUri',
    'FNS_CODE_NOT_FOUND',
    /function Fn has CodeUri gone\//,
    {
      'template.yaml':
        'Resources: { Fn: { Type: AWS::Serverless::Function, Properties: { Runtime: python3.11, Handler: a.b, CodeUri: gone/ } } }',
    },
  ],
  [
    'a reserved variable',
    'FNS_TEMPLATE_INVALID',
    /Resources\.Fn\.Properties\.Environment\.Variables\.AWS_REGION is reserved/,
    { 'template.yaml': `Resources:${FUNCTION}\n      Environment: { Variables: { AWS_REGION: x } }` },
  ],
  [
    'a Timeout of 901',
    'FNS_TEMPLATE_INVALID',
    /Resources\.Fn\.Properties\.Timeout must be .* 1 to 900, not 901/,
    { 'template.yaml': `Resources:${FUNCTION}\n      Timeout: 901` },
  ],
  [
    'a MemorySize of 64',
    'FNS_TEMPLATE_INVALID',
    /MemorySize must be .* 128 to 10240/,
    { 'template.yaml': `Resources:${FUNCTION}\n      MemorySize: 64` },
  ],
  [
    'an unknown Ref',
    'FNS_TEMPLATE_INVALID',
    /Outputs\.X\.Value refers to Nobody/,
    { 'template.yaml': `Resources:${FUNCTION}\nOutputs: { X: { Value: !Ref Nobody } }` },
  ],
  [
    'a circle',
    'FNS_TEMPLATE_INVALID',
    /Fn → Fn/,
    { 'template.yaml': `Resources:${FUNCTION}\n      Environment: { Variables: { SELF: !Ref Fn } }` },
  ],
  [
    'a level without JSON',
    'FNS_TEMPLATE_INVALID',
    /LogFormat: JSON/,
    { 'template.yaml': `Resources:${FUNCTION}\n      LoggingConfig: { ApplicationLogLevel: INFO }` },
  ],
  [
    'a missing layer',
    'FNS_CODE_NOT_FOUND',
    /pip install -r requirements\.txt --target .*layer.python/,
    {
      'template.yaml': `Resources:${FUNCTION}\n      Layers: [!Ref L]\n  L: { Type: AWS::Serverless::LayerVersion, Properties: { ContentUri: layer/ } }`,
    },
  ],
]

for (const [what, code, message, files] of refusals) {
  test(`${what} is refused with ${code}`, async (t) => {
    const dir = await makeApp(t, files)
    await assert.rejects(read(dir, { cacheDir: await temporaryDir(t) }), { code, message })
  })
}

test('a path that does not exist is refused, and a template file may be named itself', async (t) => {
  await assert.rejects(read('/no/such/app'), { code: 'FNS_APP_NOT_FOUND' })
  const dir = await makeApp(t, { 'template.yaml': `Resources:${FUNCTION}` })
  await mkdir(join(dir, 'deploy'))
  await rename(join(dir, 'template.yaml'), join(dir, 'deploy', 'stack.yaml'))
  const app = await read(join(dir, 'deploy', 'stack.yaml'), { cacheDir: await temporaryDir(t) })
  assert.equal(app.stack, 'deploy-stack')
  await writeFile(join(dir, 'deploy', 'samconfig.toml'), '[default.deploy.parameters]\nstack_name = "named"\n')
  const named = await read(join(dir, 'deploy', 'stack.yaml'), { cacheDir: await temporaryDir(t) })
  assert.equal(named.stack, 'named')
})

test('templates of one directory are stacks of different names; samconfig.toml speaks of the one that it names', async (t) => {
  const template = `Resources:${FUNCTION}`
  const dir = await makeApp(t, { 'template.yaml': template, 'other.yaml': template, 'third.yaml': template })
  const config = '[default.deploy.parameters]\nstack_name = "mine"\ntemplate_file = "other.yaml"\n'
  const names = async (): Promise<readonly string[]> => {
    const cacheDir = await temporaryDir(t)
    const apps = ['template.yaml', 'other.yaml', 'third.yaml'].map((file) => read(join(dir, file), { cacheDir }))
    return (await Promise.all(apps)).map(({ stack }) => stack)
  }
  const [app, other, third] = await names()
  assert.deepEqual([other, third], [`${app}-other`, `${app}-third`])
  await writeFile(join(dir, 'samconfig.toml'), config)
  assert.deepEqual((await names()).slice(1), ['mine', third])
})

test("DataKit's layer is taken with a word, whoever's it is, and nothing is installed for it", async (t) => {
  const dir = await makeApp(t, {
    'template.yaml': `Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: app.handler
      CodeUri: .
      Layers: [!Sub "arn:aws:lambda:\${AWS::Region}:123456789012:layer:Datakit-x86_64:3"]
  Other:
    Type: AWS::Serverless::Function
    Properties: { Runtime: python3.11, Handler: app.handler, CodeUri: ., Layers: [!Ref DatakitLayer] }
  DatakitLayer:
    Type: AWS::Serverless::LayerVersion
    Properties: { ContentUri: s3://bucket/datakit.zip }`,
    'app.py': '',
  })
  const app = await read(dir)
  for (const fn of app.functions) assert.deepEqual([fn.datakitLayer, fn.layerDirs], [true, []], fn.logicalId)
  assert.equal(app.notices.length, 2)
  for (const notice of app.notices) assert.match(notice, /what DataKit's layer .* does, fnscope does itself/)
})
