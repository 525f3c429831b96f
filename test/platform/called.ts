// A started fnscope with an app of the test's own, and calls of it by unmodified boto3. For tests of the platform.
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type {
  ConsoleLogLine,
  ConsoleMetricPoint,
  ConsoleSpan,
  ConsoleTrace,
} from '../../packages/fnscope/src/api/console-types.ts'
import { eventually, runPython, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'

export interface AppFixture extends Disposable {
  readonly dir: string
  write(file: string, text: string): void
  append(file: string, text: string): void
}

/** A SAM project in a temporary directory. `functions`: logical id → lines of YAML under Properties; `Metadata:` beside it. */
export function appFixture(
  files: Readonly<Record<string, string>>,
  functions: Readonly<Record<string, readonly string[]>>,
): AppFixture {
  const dir = temporaryDir('app')
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(dir, file)), { recursive: true })
    writeFileSync(join(dir, file), text)
  }
  for (const [file, text] of Object.entries(files)) write(file, text)
  write('template.yaml', templateOf(functions))
  const append = (file: string, text: string): void => appendFileSync(join(dir, file), text)
  return { dir, write, append, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) }
}

export function templateOf(functions: Readonly<Record<string, readonly string[]>>): string {
  const lines = [
    'Transform: AWS::Serverless-2016-10-31',
    'Globals:',
    '  Function: { Runtime: python3.11, CodeUri: ., Timeout: 10, MemorySize: 256, Tracing: Active }',
    'Resources:',
  ]
  for (const [id, properties] of Object.entries(functions)) {
    lines.push(`  ${id}:`, '    Type: AWS::Serverless::Function')
    for (const line of properties) if (line.startsWith('Metadata:')) lines.push(`    ${line}`)
    lines.push('    Properties:')
    for (const line of properties) if (!line.startsWith('Metadata:')) lines.push(`      ${line}`)
  }
  return `${lines.join('\n')}\n`
}

/** One call as boto3 saw it. */
export interface Called {
  readonly status: number
  readonly error: string | null
  /** The payload's text. */
  readonly text: string
  readonly tail: string
  readonly requestId: string
  /** X-Amzn-Trace-Id of the answer. */
  readonly trace: string
  /** Code of a ClientError; the rest is then empty. */
  readonly refused: string
  readonly message: string
}

/** What a Python test program may use: `c`, `call(name, payload, trace=header, **invoke parameters)`, `done(answer)`. */
const PRELUDE = `
import base64, boto3, json, sys, time
from botocore.config import Config
from botocore.exceptions import ClientError
from concurrent.futures import ThreadPoolExecutor
c = boto3.client('lambda', config=Config(retries={'max_attempts': 0}, read_timeout=60, max_pool_connections=50))
def call(name, payload={}, trace=None, **more):
    client = c
    if trace is not None:
        client = boto3.client('lambda')
        client.meta.events.register('before-sign.lambda.Invoke', lambda request, **_: request.headers.add_header('X-Amzn-Trace-Id', trace))
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    try:
        r = client.invoke(**{'FunctionName': name, 'Payload': raw, 'LogType': 'Tail', **more})
    except ClientError as e:
        return {'status': e.response['ResponseMetadata']['HTTPStatusCode'], 'error': None, 'text': '', 'tail': '', 'requestId': '', 'trace': '',
                'refused': e.response['Error']['Code'], 'message': e.response['Error']['Message']}
    m = r['ResponseMetadata']
    return {'status': r['StatusCode'], 'error': r.get('FunctionError'), 'text': r['Payload'].read().decode('utf-8', 'replace'),
            'tail': base64.b64decode(r.get('LogResult', '')).decode(), 'requestId': m['RequestId'],
            'trace': m['HTTPHeaders'].get('x-amzn-trace-id', ''), 'refused': '', 'message': ''}
def done(answer):
    print(json.dumps(answer))
`

export async function withBoto3<Answer>(fnscope: StartedFnscope, code: string): Promise<Answer> {
  return await runPython<Answer>(PRELUDE + code, fnscope.clientEnv)
}

export async function call(fnscope: StartedFnscope, name: string, payload: unknown = {}): Promise<Called> {
  return await withBoto3<Called>(fnscope, `done(call('${name}', json.loads('''${JSON.stringify(payload)}''')))`)
}

/** `Root`, `Parent` and `Sampled` of a header. */
export function headerOf(text: string): { readonly root: string; readonly parent: string; readonly sampled: string } {
  const part = (name: string): string => new RegExp(`${name}=([^;"]+)`).exec(text)?.[1] ?? ''
  return { root: part('Root'), parent: part('Parent'), sampled: part('Sampled') }
}

async function get<Answer>(fnscope: StartedFnscope, path: string): Promise<Answer | undefined> {
  const response = await fetch(fnscope.url + path)
  return response.ok ? ((await response.json()) as Answer) : undefined
}

/** The trace's spans, parents before children, as soon as there are at least `spans` of them. */
export async function spansOf(fnscope: StartedFnscope, traceId: string, spans: number): Promise<ConsoleSpan[]> {
  return await eventually(async () => {
    const trace = await get<ConsoleTrace>(fnscope, `/api/traces/${traceId}`)
    return trace !== undefined && trace.spanCount >= spans ? trace.roots.flatMap(flat) : undefined
  })
}

function flat(span: ConsoleSpan): ConsoleSpan[] {
  return [span, ...span.children.flatMap(flat)]
}

/** The lines of one request as stored, in their order, as soon as its REPORT is there. */
export async function linesOf(fnscope: StartedFnscope, requestId: string): Promise<readonly ConsoleLogLine[]> {
  return await eventually(async () => {
    const answer = await get<{ readonly lines: readonly ConsoleLogLine[] }>(fnscope, `/api/logs?request=${requestId}`)
    const lines = answer?.lines ?? []
    return lines.some(({ body }) => /^REPORT|platform\.report/.test(body)) ? lines : undefined
  })
}

/** The stored points of one request, as soon as those of all these namespaces are there. */
export async function metricsOf(
  fnscope: StartedFnscope,
  requestId: string,
  namespaces: readonly string[],
): Promise<readonly ConsoleMetricPoint[]> {
  return await eventually(async () => {
    const answer = await get<{ readonly points: readonly ConsoleMetricPoint[] }>(fnscope, '/api/metrics?limit=10000')
    const points = answer?.points.filter((point) => point.requestId === requestId) ?? []
    return namespaces.every((name) => points.some(({ namespace }) => namespace === name)) ? points : undefined
  })
}

export async function startWith(
  app: AppFixture,
  options: Parameters<typeof startFnscope>[0] = {},
): Promise<StartedFnscope> {
  return await startFnscope({ app: app.dir, ...options })
}
