// Lambda's own Node client, aws-lambda-ric, beside ours: the same handlers on the same platform give the same answers and the
// same log lines. It is native code that is compiled at its installation (autoconf, automake, libtool, cmake, a C++ compiler,
// five minutes): CONTRIBUTING.md says how; without it the test is skipped.
import assert from 'node:assert/strict'
import { chmodSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { FunctionSpec } from '../../packages/fnscope/src/functions/function-spec.ts'
import { ROOT } from '../started-fnscope.ts'
import { bodies, json, startHarness } from './harness.ts'

const RIC = process.env['FNSCOPE_TEST_RIC'] ?? join(ROOT, '.fnscope/aws-lambda-ric/node_modules/aws-lambda-ric')
const skip = existsSync(join(RIC, 'dist/rapid-client.node'))
  ? false
  : `aws-lambda-ric 3.3.0 is not built at ${RIC}; see CONTRIBUTING.md`

/** What it does → the handler's file. The event is `{}`. */
const HANDLERS: Readonly<Record<string, string>> = {
  'answers an object': 'exports.handler = async () => ({ a: 1, d: new Date(0), u: undefined })',
  'answers nothing': 'exports.handler = async () => {}',
  'answers null': 'exports.handler = async () => null',
  'answers a text': 'exports.handler = async () => "ä€😀"',
  'answers a number that JSON has not': 'exports.handler = async () => NaN',
  'answers a function': 'exports.handler = async () => () => 1',
  'answers a symbol': 'exports.handler = async () => Symbol("x")',
  'answers a BigInt': 'exports.handler = async () => ({ n: 1n })',
  'answers a circle': 'exports.handler = async () => { const a = {}; a.a = a; return a }',
  'answers what refuses to be written':
    'exports.handler = async () => ({ toJSON() { throw new TypeError("no JSON") } })',
  'answers too much': 'exports.handler = async () => "x".repeat(6 * 1024 * 1024)',
  'throws an error': 'exports.handler = async () => { throw new RangeError("bad\\nvalue\\x7f") }',
  'throws an error with more':
    'exports.handler = async () => { throw Object.assign(new Error("bad", { cause: new Error("why") }), { code: "E1", more: { a: [1] } }) }',
  'throws an error of a class':
    'class NoSuchOrder extends Error { constructor(m) { super(m); this.name = "Orders.NoSuch" } }\nexports.handler = async () => { throw new NoSuchOrder("7") }',
  'throws a text': 'exports.handler = async () => { throw "a text" }',
  'throws a number': 'exports.handler = async () => { throw 7 }',
  'throws an object': 'exports.handler = async () => { throw { a: 1, errorType: "Mine" } }',
  'throws nothing': 'exports.handler = async () => { throw undefined }',
  'throws null': 'exports.handler = async () => { throw null }',
  'throws at once': 'exports.handler = () => { throw new Error("at once") }',
  'calls back': 'exports.handler = (e, c, done) => { setTimeout(() => done(null, "later"), 5) }',
  'calls back with an error': 'exports.handler = (e, c, done) => done(new Error("called back"))',
  'calls back with a text for an error': 'exports.handler = (e, c, done) => done("a text")',
  'answers by the context': 'exports.handler = (e, c) => c.succeed({ by: "context" })',
  'fails by the context': 'exports.handler = (e, c) => c.fail(new Error("by the context"))',
  'never answers and has nothing left to do': 'exports.handler = (e, c, done) => {}',
  'rejects without anybody to hear it':
    'exports.handler = async () => { Promise.reject(new Error("unheard")); await new Promise((r) => setTimeout(r, 200)) }',
  'rejects with a text that nobody hears':
    'exports.handler = async () => { Promise.reject("unheard"); await new Promise((r) => setTimeout(r, 200)) }',
  'throws outside of the call':
    'exports.handler = async () => { setTimeout(() => { throw new Error("outside") }, 5); await new Promise((r) => setTimeout(r, 200)) }',
  exits: 'exports.handler = async () => process.exit(3)',
  'exits with 0': 'exports.handler = async () => process.exit(0)',
  'writes lines':
    'exports.handler = async () => { console.log("a", 1, { b: [1, { c: { d: 1 } }] }); console.error(new Error("said").message); console.warn("%s is %d", "x", 2, "more"); console.info("two\\nlines"); console.debug(""); console.log(); console.trace === undefined; process.stdout.write("raw\\n"); console.log(null, undefined, Symbol("s"), 1n, () => 1); return 1 }',
  'tells of itself':
    'exports.handler = async (e, c) => [Object.keys(c).sort(), typeof c.getRemainingTimeInMillis(), c.callbackWaitsForEmptyEventLoop, typeof awslambda.streamifyResponse, Object.keys(awslambda).filter((name) => name !== "InvokeStore").sort(), process.env._X_AMZN_TRACE_ID !== undefined]',
  'streams an answer':
    'exports.handler = awslambda.streamifyResponse(async (e, out) => { out.write("one "); out.write("two"); out.end() })',
  'streams with a head':
    'exports.handler = awslambda.streamifyResponse(async (e, out) => { out = awslambda.HttpResponseStream.from(out, { statusCode: 201, headers: { a: "b" } }); out.write("body"); out.end(" end") })',
  'streams with a head and writes nothing before the end':
    'exports.handler = awslambda.streamifyResponse(async (e, out) => { awslambda.HttpResponseStream.from(out, { statusCode: 201 }).end("body") })',
  'streams what is no text':
    'exports.handler = awslambda.streamifyResponse(async (e, out) => { out.write({ a: 1 }); out.write(new Uint8Array([65])); out.end() })',
  'fails while it streams':
    'exports.handler = awslambda.streamifyResponse(async (e, out) => { out.write("one "); throw new RangeError("midway") })',
  'fails before it streams':
    'exports.handler = awslambda.streamifyResponse(async () => { throw new Error("no stream") })',
  'has no such handler': 'exports.other = async () => 1',
  'has a handler that is none': 'exports.handler = 7',
  'has a wrong syntax': 'exports.handler = async () => { return }}',
  'wants what is not there': 'require("not-there")',
  'throws while it is loaded': 'throw new Error("while loading")',
  'throws a text while it is loaded': 'throw "a text"',
  'exits while it is loaded': 'process.exit(4)',
}

/** The answer and the lines, without what differs from call to call: ids, times, places of the client's own files. */
interface Seen {
  readonly error: string | undefined
  readonly answer: unknown
  readonly lines: readonly unknown[]
}

const harness = startHarness()
after(() => harness.stop())

async function seen(spec: FunctionSpec): Promise<Seen> {
  const answer = await harness.call(spec.name)
  const text = Buffer.from(answer.payload).toString()
  const lines = bodies(answer).filter(
    (line) => !/^(START|END|REPORT|INIT_START|INIT_REPORT|XRAY|Executing ')/.test(line),
  )
  return {
    error: answer.functionError,
    answer: answer.functionError === undefined ? text : plain(json(answer) as object),
    lines: lines.map((line) => {
      const [, head, body] = /^([^{]*)(\{".*\})$/s.exec(line) ?? []
      return plain(body === undefined ? [line] : [head, JSON.parse(body)])
    }),
  }

  function plain<T>(value: T): T {
    const said = JSON.stringify(value)
      .replaceAll(answer.requestId, 'REQUEST')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'REQUEST')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, 'TIME')
      .replaceAll(spec.codeDir, '/var/task')
    return withoutFrames(JSON.parse(said)) as T
  }
}

/** A stack keeps the frames of the function's own file. */
function withoutFrames(value: unknown): unknown {
  if (typeof value === 'string') return value.split('\n').filter(isKept).join('\n')
  if (Array.isArray(value)) return value.filter((one) => typeof one !== 'string' || isKept(one)).map(withoutFrames)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutFrames(member)]))
  return value
}

const isKept = (line: string): boolean => !/^\s+at |^- \//.test(line) || line.includes('/var/task/')

for (const [what, code] of Object.entries(HANDLERS))
  test(`a handler that ${what}`, { skip }, async () => {
    const files = { 'app.js': code }
    const ours = harness.add(files, { runtime: 'nodejs20.x' })
    const bootstrap = `#!/bin/sh\ncd "$LAMBDA_TASK_ROOT" && exec node '${RIC}/bin/index.mjs' "$_HANDLER"\n`
    const theirs = harness.add({ ...files, bootstrap }, { runtime: 'provided.al2023' })
    chmodSync(join(theirs.codeDir, 'bootstrap'), 0o755)
    assert.deepEqual(await seen(ours), await seen(theirs))
  })
