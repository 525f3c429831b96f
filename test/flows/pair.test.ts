// The plain and the instrumented function of one guide, made by `fnscope init`, deployed and called by its make targets
// with a profile, as the guide prints them; then found by annotation, and not by metadata.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { BIN, eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { startFlow, type Flow } from './flow.ts'

const skip = spawnSync('make', ['--version']).status === 0 ? false : 'there is no make here'
const PROFILE = 'AWS_SHARED_CREDENTIALS_FILE=$PWD/../.aws/credentials'
const PAIR = `cd pair && env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY ${PROFILE} make CFN_STACK=pycon2024 AWS_PROFILE=dev`

let fnscope: StartedFnscope
let flow: Flow

before(async () => {
  fnscope = await startFnscope()
  flow = startFlow(fnscope, 'guarded')
  mkdirSync(join(flow.dir, '.aws'))
  writeFileSync(join(flow.dir, '.aws/credentials'), '[dev]\naws_access_key_id = x\naws_secret_access_key = x\n')
  await flow.sh(`${process.execPath} ${BIN} init pair --template observability-pair --no-interactive`)
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
  rmSync(dirname(flow.dir), { recursive: true, force: true })
})

const ANSWER = /\{"status_code": 200, "user_id": "brian1", "first_name": "Brian"/
const REPORT =
  /^REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB\tMax Memory Used/m

test('make deploys the pair, and each function answers and logs as the guide prints it', { skip }, async () => {
  assert.match(await flow.sh(`${PAIR} deploy`), /Successfully created\/updated stack - pycon2024/)
  const vanilla = await flow.sh(`${PAIR} remote-vanilla`)
  assert.match(
    vanilla,
    /^START RequestId: \S+ Version: \$LATEST\n\[Success\] Added user Brian McNamara \(brian1\): 200\nEND/m,
  )
  for (const expected of [ANSWER, REPORT, /^XRAY TraceId: 1-\S+\tSegmentId: \S+\tSampled: true/m])
    assert.match(vanilla, expected)
  const instrumented = await flow.sh(`${PAIR} remote-instrumented`)
  for (const expected of [ANSWER, REPORT, /"detail":"submit_user successful"/, /"SuccessfulSubmission":\[1\.0\]/])
    assert.match(instrumented, expected)
})

test(
  'the instrumented trace has handler and submit_user and is found by its annotations; the plain one has neither',
  { skip },
  async () => {
    const found = async (filter: string): Promise<readonly string[]> =>
      JSON.parse(
        await flow.sh(
          `aws xray get-trace-summaries --start-time $(date -d '10 minutes ago' +%s) --end-time $(date +%s) --filter-expression '${filter}' --query 'TraceSummaries[].Id' --output json`,
        ),
      ) as string[]
    const [id] = await eventually(async () => {
      const ids = await found('annotation.Service = "instrumented-user-registration" AND annotation.ColdStart = true')
      return ids.length > 0 ? ids : undefined
    })
    assert.deepEqual(await found('annotation.Service = "vanilla"'), [])
    const text = await flow.sh(
      `aws xray batch-get-traces --trace-ids ${id} --query 'Traces[0].Segments[].Document' --output text`,
    )
    assert.match(text, /submit_user/)
    const metadata = /"metadata":\s*\{"([^"]+)":\s*\{"([^"]+)"/.exec(text.replaceAll('\\"', '"'))
    assert.ok(metadata, 'it has metadata')
    assert.deepEqual(await found(`annotation[${metadata[2]}] = "brian1"`).catch(() => []), [])
    const all = await found('service("AWS::Lambda") OR ok')
    const plain = all.filter((one) => one !== id)
    assert.ok(plain.length > 0)
    const others = await flow.sh(
      `aws xray batch-get-traces --trace-ids ${plain.join(' ')} --query 'Traces[].Segments[].Document' --output text`,
    )
    assert.doesNotMatch(others, /submit_user/)
  },
)
