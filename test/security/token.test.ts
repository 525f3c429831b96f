// Listening beyond this machine: refused without a token, and with one every route wants it; nothing tells the token.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { send } from '../raw-http.ts'
import {
  APPS,
  eventually,
  hasClients,
  runFnscope,
  runPython,
  startFnscope,
  temporaryDir,
  type StartedFnscope,
} from '../started-fnscope.ts'

const TOKEN = 'a/token+with=signs.4711'
const SIGNED = { authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/xray/aws4_request, Signature=0' }
const BEARER = { authorization: `Bearer ${TOKEN}` }

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope({
    app: join(APPS, 'guarded'),
    args: ['--host', '0.0.0.0', '--door', 'xray-daemon=0.0.0.0:0', '--log-level', 'trace', '--token', TOKEN],
  })
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

/** The machine's first address that is not loopback's; undefined where there is none. */
function outsideAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address
}

test('a wide address without a token is refused with what to do', async () => {
  const data = temporaryDir('never')
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.org']) {
    const { code, stderr } = await runFnscope(['up', '--host', host, '--data', data, '--ports', 'auto'])
    assert.equal(code, 1)
    assert.ok(stderr.includes(host), stderr)
    assert.match(stderr, /--token SECRET \(or FNSCOPE_TOKEN\).*FNS_WIDE_WITHOUT_TOKEN/s)
  }
  assert.deepEqual(readdirSync(data), [])
  rmSync(data, { recursive: true })
})

const CALLS_BACK = `import os, urllib.request
def handler(event, context):
    credential = f"{os.environ['AWS_ACCESS_KEY_ID']}/20260101/us-east-1/lambda/aws4_request"
    url = os.environ['AWS_ENDPOINT_URL'] + '/2016-08-19/account-settings'
    request = urllib.request.Request(url, headers={'Authorization': f'AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0'})
    return urllib.request.urlopen(request).status
`

test("a function's own AWS calls are let in without its knowing the token", async () => {
  const dir = temporaryDir('calls-back')
  writeFileSync(join(dir, 'app.py'), CALLS_BACK)
  writeFileSync(
    join(dir, 'template.yaml'),
    'Transform: AWS::Serverless-2016-10-31\nResources:\n  CallsBack: {Type: AWS::Serverless::Function, Properties: {CodeUri: ., Handler: app.handler, Runtime: python3.11}}\n',
  )
  const post = async (path: string, body: unknown): Promise<string> => {
    const answer = await fetch(fnscope.url + path, { method: 'POST', headers: BEARER, body: JSON.stringify(body) })
    return await answer.text()
  }
  await post('/api/apps', { dir })
  assert.equal(await post('/2015-03-31/functions/CallsBack/invocations', {}), '200')
  rmSync(dir, { recursive: true })
})

const ROUTES = [
  ['POST', '/TraceSegments'],
  ['POST', '/TraceSummaries'],
  ['POST', '/Traces'],
  ['POST', '/GetSamplingRules'],
  ['POST', '/2015-03-31/functions/MarkFunction/invocations'],
  ['GET', '/2015-03-31/functions/'],
  ['GET', '/2016-08-19/account-settings'],
  ['GET', '/api/health'],
  ['GET', '/api/traces'],
  ['GET', '/api/logs'],
  ['GET', '/api/functions'],
  ['GET', '/metrics'],
  ['GET', '/'],
  ['OPTIONS', '/api/health'],
] as const

test('every route of the main port wants the token, also from this machine', async () => {
  for (const [method, path] of ROUTES) {
    for (const headers of [{}, SIGNED, { authorization: 'Bearer wrong' }, { 'x-fnscope-token': TOKEN.slice(1) }]) {
      const answer = await send(fnscope.url, { method, path, headers })
      assert.equal(answer.status, 401, `${method} ${path} ${JSON.stringify(headers)}: ${answer.body}`)
      assert.ok(!answer.body.includes(TOKEN))
    }
  }
  assert.equal((await send(fnscope.url, { path: '/api/health', headers: BEARER })).status, 200)
  assert.equal((await send(fnscope.url, { path: '/metrics', headers: { 'x-fnscope-token': TOKEN } })).status, 200)
})

test("the daemon's TCP answers sampling to anybody, the rest for the token alone", async () => {
  const base = `http://127.0.0.1:${fnscope.doors['xray-daemon']!.split(':').at(-1)}`
  const post = async (path: string, headers = {}): Promise<number> =>
    (await send(base, { method: 'POST', path, headers, body: '{}' })).status
  assert.equal(await post('/GetSamplingRules'), 200)
  assert.equal(await post('/TraceSummaries'), 401)
  assert.equal(await post('/TraceSegments', SIGNED), 401)
  assert.equal(await post('/GetSamplingRules/../TraceSummaries'), 401)
  assert.equal(await post('/TraceSummaries', BEARER), 400)
})

test('other machines reach the doors by their address, the API of an app is on loopback alone', async (t) => {
  const outside = outsideAddress()
  if (outside === undefined) return t.skip('SKIPPED: this machine has no address beside loopback')
  const at = (url: string): string => `http://${outside}:${new URL(url).port}`
  assert.equal((await send(at(fnscope.url), { path: '/api/health', headers: BEARER })).status, 200)
  assert.equal((await send(at(fnscope.url), { path: '/api/health' })).status, 401)
  const url = fnscope.apps[0]!.urls['PrivateUrl']!
  assert.equal(new URL(url).hostname, '127.0.0.1')
  assert.equal((await send(url, { path: '/Prod/mark' })).status, 200)
  await assert.rejects(send(at(url), { path: '/Prod/mark' }), /ECONNREFUSED/)
})

test('UDP on a wide address says what that means', () => {
  assert.match(fnscope.stderr(), /every machine that reaches 0\.0\.0\.0:\d+ can store segments/)
})

test('a wide daemon door without a token stores, but reads nothing out', async () => {
  await using open = await startFnscope({ args: ['--door', 'xray-daemon=0.0.0.0:0'] })
  const base = `http://127.0.0.1:${open.doors['xray-daemon']!.split(':').at(-1)}`
  const post = async (path: string): Promise<number> =>
    (await send(base, { method: 'POST', path, headers: SIGNED, body: '{}' })).status
  assert.equal(await post('/GetSamplingRules'), 200)
  assert.equal(await post('/Traces'), 403)
  assert.equal(await post('/TraceSegments'), 403)
  assert.match(open.stderr(), /can store segments/)
})

test(
  'boto3 gets in with the token as its access key',
  { skip: hasClients() ? false : 'SKIPPED: no clients' },
  async () => {
    const code = `
import boto3, json
from botocore.exceptions import ClientError
def code(f):
    try:
        f(); return 'ok'
    except ClientError as e:
        return e.response['Error']['Code']
def calls(key):
    s = boto3.Session(aws_access_key_id=key, aws_secret_access_key='x')
    return [code(lambda: s.client('lambda').invoke(FunctionName='MarkFunction', Payload=b'{}')), code(lambda: s.client('xray').get_sampling_rules())]
print(json.dumps([calls('${TOKEN}'), calls('test')]))`
    const answers = await runPython<string[][]>(code, fnscope.clientEnv)
    assert.deepEqual(answers, [
      ['ok', 'ok'],
      ['UnrecognizedClientException', 'UnrecognizedClientException'],
    ])
  },
)

test("fnscope's own commands get in with FNSCOPE_TOKEN and say what is missing without", async () => {
  const env = { FNSCOPE_URL: fnscope.url }
  const good = await runFnscope(['functions', '--json'], { ...env, FNSCOPE_TOKEN: TOKEN })
  assert.equal(good.code, 0, good.stderr)
  assert.match(good.stdout, /MarkFunction/)
  const bad = await runFnscope(['functions'], { ...env, FNSCOPE_TOKEN: '' })
  assert.notEqual(bad.code, 0)
  assert.match(bad.stderr, /wants its token/)
})

test('the token is in no log line, no process listing, no function and no file', async () => {
  const answer = await send(fnscope.url, {
    method: 'POST',
    path: '/2015-03-31/functions/EnvironmentFunction/invocations',
    headers: BEARER,
    body: '{}',
  })
  assert.match(answer.body, /AWS_LAMBDA_FUNCTION_NAME/)
  assert.ok(!answer.body.includes(TOKEN), 'environment of the function')
  // Failures are logged with their request: one of each kind.
  await send(fnscope.url, {
    path: `/api/traces?sinceMs=${encodeURIComponent(TOKEN)}`,
    headers: { 'x-fnscope-token': 'no' },
  })
  await eventually(async () => (fnscope.stderr().length > 0 ? true : undefined))
  assert.ok(!fnscope.stderr().includes(TOKEN), 'log')
  assert.ok(!commandLines().includes(TOKEN), 'process listing')
  for (const name of readdirSync(fnscope.dataDir, { recursive: true, encoding: 'utf8' })) {
    if (!/engine\/[a-z]+(\.xml)?$|wal\//.test(name)) continue
    const path = join(fnscope.dataDir, name)
    try {
      assert.ok(!readFileSync(path).includes(TOKEN), name)
    } catch (error) {
      if (!['EISDIR', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
  }
})

/** Of all processes; empty where there is no /proc. */
function commandLines(): string {
  let text = ''
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      text += readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') + '\n'
    } catch {
      // Ended in between.
    }
  }
  return text
}
