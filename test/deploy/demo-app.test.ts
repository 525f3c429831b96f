// The demo function itself, called once with its own event by a bare interpreter: what it returns, logs and measures.
import assert from 'node:assert/strict'
import { delimiter, join } from 'node:path'
import test from 'node:test'
import { appDir, read, run, withoutPython } from './app-fixture.ts'

const skip = await withoutPython('python3.11')

const SCRIPT = `
import json, sys, types
sys.path.insert(0, sys.argv[1])
import app
context = types.SimpleNamespace(function_name='hello', memory_limit_in_mb=128, aws_request_id='r-1',
    invoked_function_arn='arn:aws:lambda:us-east-1:000000000000:function:hello', function_version='$LATEST')
print('RESULT ' + json.dumps(app.lambda_handler(json.load(open(sys.argv[2])), context)))
`

test(
  'the demo answers hello world, logs JSON with its trace id, and writes metrics with a cold start',
  { skip },
  async () => {
    const spec = (await read(appDir('sam-app'))).functions[0]!
    const traceId = '1-6740a000-0123456789abcdef01234567'
    const { stdout } = await run(
      'python3.11',
      ['-c', SCRIPT, spec.codeDir, join(appDir('sam-app'), 'events', 'hello.json')],
      {
        env: {
          PATH: process.env['PATH'],
          ...spec.environment,
          PYTHONPATH: spec.dependencyDirs.join(delimiter),
          PYTHONDONTWRITEBYTECODE: '1',
          LAMBDA_TASK_ROOT: spec.codeDir,
          AWS_LAMBDA_FUNCTION_NAME: spec.name,
          AWS_REGION: 'us-east-1',
          AWS_XRAY_DAEMON_ADDRESS: '127.0.0.1:9',
          _X_AMZN_TRACE_ID: `Root=${traceId};Parent=1111111111111111;Sampled=1`,
        },
      },
    )
    const lines = stdout.trim().split('\n')
    const result = JSON.parse(lines.find((line) => line.startsWith('RESULT '))!.slice(7)) as {
      statusCode: number
      body: string
    }
    assert.equal(result.statusCode, 200)
    assert.deepEqual(JSON.parse(result.body), { message: 'hello world' })
    const records = lines
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    const log = records.find((record) => record['message'] === 'hello world answered')
    assert.partialDeepStrictEqual(log, {
      level: 'INFO',
      service: 'PowertoolsHelloWorld',
      function_request_id: 'r-1',
      xray_trace_id: traceId,
    })
    const metrics = records.filter((record) => record['_aws'] !== undefined)
    assert.ok(metrics.some((record) => 'ColdStart' in record))
    assert.ok(metrics.some((record) => 'HelloWorldInvocations' in record))
  },
)
