// The guide's function with the X-Ray SDK as it is printed, its missing imports added, its packages in a layer that
// `sam build` makes of the two requirements that are printed with it.
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { eventually, eventuallyHolds, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { commandsOf, startFlow, type Flow } from './flow.ts'

const AS_PRINTED = `import logging
import os

import boto3
import jsonpickle
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core import patch_all

logger = logging.getLogger()
logger.setLevel(logging.INFO)
patch_all()

client = boto3.client('lambda')
client.get_account_settings()

def lambda_handler(event, context):
    logger.info('## ENVIRONMENT VARIABLES\\r' + jsonpickle.encode(dict(**os.environ)))
    response = client.get_account_settings()
    return response['AccountUsage']
`
const REQUIREMENTS = 'jsonpickle==1.3\naws-xray-sdk==2.4.3\n'
const INIT = 'fnscope init blank-python --template xray-python'
const DEPLOY = 'sam deploy --stack-name blank-python --resolve-s3 --capabilities CAPABILITY_IAM --no-confirm-changeset'

let fnscope: StartedFnscope
let flow: Flow
const inApp = (line: string): Promise<string> => flow.sh(line, 'blank-python')
const write = (file: string, text: string): void => writeFileSync(join(flow.dir, 'blank-python', file), text)

before(async () => {
  fnscope = await startFnscope()
  flow = startFlow(fnscope, 'xray-sdk')
  await flow.sh(INIT)
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
  rmSync(dirname(flow.dir), { recursive: true, force: true })
})

test('the sample of fnscope init is the function as it is printed', () => {
  const made = readFileSync(join(flow.dir, 'blank-python/function/lambda_function.py'), 'utf8')
  for (const line of AS_PRINTED.split('\n').filter((one) => one.includes('client') || one.includes('patch_all()')))
    assert.ok(made.includes(line.replaceAll("'", '"')), line)
  write('function/lambda_function.py', AS_PRINTED)
  write('package/requirements.txt', REQUIREMENTS)
})

test('sam builds the layer and deploys; the answer comes from the SDK call in the handler', async () => {
  await inApp('sam build --cached')
  assert.match(await inApp(DEPLOY), /Successfully created\/updated stack - blank-python/)
  assert.match(await inApp('sam remote invoke function --stack-name blank-python'), /"FunctionCount": ?1/)
})

test('the environment line is one log record, carriage return and all', async () => {
  await eventuallyHolds(async () =>
    assert.match(await inApp('sam logs --stack-name blank-python'), /## ENVIRONMENT VARIABLES/),
  )
  const name = "$(aws lambda list-functions --query 'Functions[0].FunctionName' --output text)"
  const messages = JSON.parse(
    await flow.sh(
      `aws logs filter-log-events --log-group-name /aws/lambda/${name} --query 'events[].message' --output json`,
    ),
  ) as string[]
  const found = messages.filter((one) => one.includes('## ENVIRONMENT VARIABLES'))
  assert.equal(found.length, 1)
  assert.match(
    found[0]!,
    /^\[INFO\]\t\S+\t\S+\t## ENVIRONMENT VARIABLES\r\{"[^\n]*"AWS_LAMBDA_FUNCTION_NAME": "[^\n]*\}\n?$/,
  )
})

test("the trace has the SDK's subsegment of the call", async () => {
  const traces = await eventually(async () => {
    const printed = await inApp('sam traces')
    return /XRay Event .*\n(?:.*\n)*? +- [\d.]+s - lambda/.test(printed) ? printed : undefined
  }, 60_000)
  const id = /with id \((1-[0-9a-f]{8}-[0-9a-f]{24})\)/.exec(traces)![1]!
  const documents = JSON.parse(
    await flow.sh(`aws xray batch-get-traces --trace-ids ${id} --query 'Traces[0].Segments[].Document' --output json`),
  ) as string[]
  const calls = documents.filter((one) => one.includes('"GetAccountSettings"') && one.includes('"namespace":"aws"'))
  assert.ok(calls.length > 0, documents.join('\n'))
})

interface Uploads {
  /** Sizes of all objects that were put, the newest first. */
  readonly sizes: readonly number[]
  readonly layerArn: string
  readonly layerBytes: number
  readonly codeBytes: number
  readonly codeSha256: string
}

async function uploads(): Promise<Uploads> {
  const json = async (line: string): Promise<unknown> => JSON.parse(await flow.sh(`${line} --output json`))
  const [bucket] = (await json("aws s3api list-buckets --query 'Buckets[].Name'")) as [string]
  const query = "--query 'reverse(sort_by(Versions, &LastModified))[].Size'"
  const [layerArn, codeBytes, codeSha256] = (await json(
    "aws lambda list-functions --query 'Functions[0].[Layers[0].Arn, CodeSize, CodeSha256]'",
  )) as [string, number, string]
  return {
    sizes: (await json(`aws s3api list-object-versions --bucket ${bucket} ${query}`)) as number[],
    layerArn,
    layerBytes: (await json(
      `aws lambda get-layer-version-by-arn --arn ${layerArn} --query Content.CodeSize`,
    )) as number,
    codeBytes,
    codeSha256,
  }
}

test('changed code neither rebuilds nor uploads the layer', async () => {
  const first = await uploads()
  assert.match(first.layerArn, /:layer:blank-python-lib:1$/)
  assert.ok(first.sizes.includes(first.layerBytes) && first.sizes.includes(first.codeBytes))
  write('function/lambda_function.py', AS_PRINTED.replace("response['AccountUsage']", "'changed'"))
  const built = await inApp('sam build --cached 2>&1')
  assert.match(built, /Manifest is not changed for \(libs\), running incremental build/)
  await inApp(`SAM_CLI_POLL_DELAY=0.5 ${DEPLOY}`)
  const second = await uploads()
  const put = second.sizes.slice(0, second.sizes.length - first.sizes.length)
  assert.equal(put.length, 2, `the code and the template, not ${put.join(', ')}`)
  assert.ok(put.includes(second.codeBytes) && !put.includes(first.layerBytes))
  assert.equal(second.layerArn, first.layerArn)
  assert.match(await inApp('sam remote invoke function --stack-name blank-python'), /"changed"/)
})

test('changed requirements upload no code; the layer is its next version', async () => {
  const first = await uploads()
  write('package/requirements.txt', `${REQUIREMENTS}wrapt==1.17.3\n`)
  assert.match(await inApp('sam build --cached 2>&1'), /Manifest file is changed .*\(libs\), downloading dependencies/)
  await inApp(`SAM_CLI_POLL_DELAY=0.5 ${DEPLOY}`)
  const second = await uploads()
  const put = second.sizes.slice(0, second.sizes.length - first.sizes.length)
  assert.equal(put.length, 2, `the layer and the template, not ${put.join(', ')}`)
  assert.ok(put.includes(second.layerBytes) && !put.includes(first.codeBytes))
  assert.equal(second.codeSha256, first.codeSha256)
  assert.match(second.layerArn, /:layer:blank-python-lib:2$/)
  const versions =
    "aws lambda list-layer-versions --layer-name blank-python-lib --query 'LayerVersions[].LayerVersionArn'"
  assert.match(await flow.sh(versions), /blank-python-lib:2[\s\S]*blank-python-lib:1/)
  assert.match(await inApp('sam remote invoke function --stack-name blank-python'), /"changed"/)
})

test('every command of the page was run here', () => {
  const page = commandsOf('xray-sdk.md')
  assert.ok(page.length > 5)
  assert.deepEqual(
    page.filter((line) => !flow.ran.has(line)),
    [],
  )
})
