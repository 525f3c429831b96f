// A program under patch_all of the unmodified X-Ray SDK: SQLite, PostgreSQL (a real server), HTTP and boto3, with
// subsegments, annotations and metadata of its own. What it sends is read back whole, by X-Ray's API and by Jaeger's.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { ROOT, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { environmentOf, type Document } from './xray-client.ts'
import { childrenOf, documentsOf } from './xray-program.ts'

const PROGRAM = `
import json, os, socket, sqlite3, sys, tempfile
import pgserver
server = pgserver.get_server(tempfile.mkdtemp(prefix='fnscope-pg-', dir='/tmp'), cleanup_mode='delete')
try:
    # It listens on a socket file alone.
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    options = f'-h 127.0.0.1 -p {port} -k {server.pgdata}'
    pgserver.pg_ctl(['-w', '-o', options, 'restart'], pgdata=server.pgdata, user=server.system_user)
    import boto3, psycopg2, requests
    from aws_xray_sdk.core import patch_all, xray_recorder
    xray_recorder.configure(service='shop', sampling=False)
    patch_all()
    segment = xray_recorder.begin_segment('shop')
    segment.set_user('bob')
    with xray_recorder.in_subsegment('price') as own:
        own.put_annotation('tier', 'gold')
        own.put_annotation('items', 3)
        own.put_annotation('vip', True)
        own.put_metadata('cart', {'lines': [1, 2]}, 'basket')
    lite = sqlite3.connect(':memory:')
    lite.execute('create table orders (id integer)')
    post = psycopg2.connect(host='127.0.0.1', port=port, user='postgres', dbname='postgres')
    with post.cursor() as cursor:
        cursor.execute('select 6 * 7')
        answer = cursor.fetchone()[0]
    post.close()
    requests.get(sys.argv[1] + '/metrics?deep=1', headers={'user-agent': 'shop/1'})
    client = boto3.client('lambda')
    try:
        client.invoke(FunctionName='nobody', Payload=b'{}')
    except client.exceptions.ResourceNotFoundException:
        pass
    xray_recorder.end_segment()
    print(json.dumps({'traceId': segment.trace_id, 'answer': answer}))
finally:
    server.cleanup()
`

let fnscope: StartedFnscope
let traceId: string
let segment: Document

before(async () => {
  fnscope = await startFnscope()
  const env = environmentOf(fnscope, { AWS_XRAY_DAEMON_ADDRESS: fnscope.doors['xray-daemon']! })
  const python = spawn(join(ROOT, '.fnscope/venvs/sql/bin/python'), ['-W', 'ignore', '-c', PROGRAM, fnscope.url], {
    env,
  })
  const [stdout, stderr, [code]] = await Promise.all([text(python.stdout), text(python.stderr), once(python, 'close')])
  assert.equal(code, 0, stderr)
  const sent = JSON.parse(stdout) as { readonly traceId: string; readonly answer: number }
  assert.equal(sent.answer, 42)
  traceId = sent.traceId
  ;[segment] = (await documentsOf(fnscope, traceId, 6)) as [Document]
})

after(() => fnscope[Symbol.asyncDispose]())

const child = (name: string): Document => childrenOf(segment).find((one) => one['name'] === name)!

test('the segment has its user, and its subsegments stand in order', () => {
  assert.equal(segment['user'], 'bob')
  assert.deepEqual(
    childrenOf(segment).map((one) => one['name']),
    ['price', ':memory:', 'execute', '127.0.0.1', 'lambda'],
  )
})

test('annotations keep their types, metadata its namespace', () => {
  assert.deepEqual(child('price')['annotations'], { tier: 'gold', items: 3, vip: true })
  assert.deepEqual(child('price')['metadata'], { basket: { cart: { lines: [1, 2] } } })
})

test('SQL has its block, of a file and of a server', () => {
  assert.equal((child(':memory:')['sql'] as Document)['database_type'], 'sqlite3')
  const { url, ...sql } = child('execute')['sql'] as Document
  assert.match(String(url), /^postgresql:\/\/postgres@127\.0\.0\.1:\d+\/postgres$/)
  assert.deepEqual(sql, {
    database_type: 'PostgreSQL',
    user: 'postgres',
    database_version: '160002',
    driver_version: 'Psycopg 2',
  })
})

test('an HTTP request has method, URL and status', () => {
  assert.deepEqual(child('127.0.0.1')['http'], {
    request: { method: 'get', url: `${fnscope.url}/metrics` },
    response: { status: 200 },
  })
})

test('a call of AWS that was refused has operation, region, status and what was thrown', () => {
  const { request_id: requestId, ...aws } = child('lambda')['aws'] as Document
  assert.equal(typeof requestId, 'string')
  assert.deepEqual(aws, { operation: 'Invoke', region: 'us-east-1', function_name: 'nobody' })
  assert.deepEqual(child('lambda')['http'], { response: { status: 404 } })
  const { exceptions } = child('lambda')['cause'] as { readonly exceptions: readonly Document[] }
  assert.equal(exceptions[0]!['type'], 'ResourceNotFoundException')
})

test("Jaeger's clients read the same under OpenTelemetry's names", async () => {
  const answer = await fetch(`http://${fnscope.doors['jaeger-query']}/api/traces/${traceId}`)
  const { data } = (await answer.json()) as {
    readonly data: readonly {
      readonly spans: readonly {
        readonly operationName: string
        readonly tags: readonly { readonly key: string; readonly value: unknown }[]
      }[]
    }[]
  }
  const tags = new Map(
    data[0]!.spans.map(({ operationName, tags }) => [
      operationName,
      Object.fromEntries(tags.map(({ key, value }) => [key, value])),
    ]),
  )
  assert.equal(tags.get(':memory:')!['db.system.name'], 'sqlite')
  const { 'db.system.name': system, 'db.user': user, 'db.namespace': database } = tags.get('execute')!
  assert.deepEqual([system, user, database], ['postgresql', 'postgres', 'postgres'])
  const { 'http.request.method': method, 'http.response.status_code': status } = tags.get('127.0.0.1')!
  assert.deepEqual([method, status], ['GET', 200])
  const { 'rpc.method': operation, 'faas.invoked_name': invoked, error } = tags.get('lambda')!
  assert.deepEqual([operation, invoked, error], ['Invoke', 'nobody', true])
  assert.equal(tags.get('price')!['aws.xray.metadata.basket'], '{"cart":{"lines":[1,2]}}')
})
