// The guide's CDK flow with a Python project, word for word: bootstrap, deploy, call, traces, destroy; the unmodified CDK
// CLI and library, prompts answered in a terminal.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { after, before, test } from 'node:test'
import { eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { commandsOf, get, startFlow, type Flow } from './flow.ts'

let fnscope: StartedFnscope
let flow: Flow

before(async () => {
  fnscope = await startFnscope()
  flow = startFlow(fnscope, 'cdk-hello-world', { venv: 'cdk' })
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
  rmSync(dirname(flow.dir), { recursive: true, force: true })
})

const URL =
  "aws cloudformation describe-stacks --stack-name HelloWorldStack --query 'Stacks[0].Outputs[?OutputKey==`apiUrl`].OutputValue' --output text"

test('cdk bootstrap makes the toolkit stack, once', async () => {
  assert.match(await flow.sh('cdk bootstrap'), /Environment aws:\/\/000000000000\/us-east-1 bootstrapped/)
  assert.match(await flow.sh('cdk bootstrap'), /bootstrapped \(no changes\)/)
})

test('cdk deploy asks, deploys the Python app, and its URL answers', async () => {
  const printed = await flow.answering([['y/n', 'y']], ['cdk', 'deploy'])
  assert.match(printed, /HelloWorldStack\.apiUrl = http:\/\/127\.0\.0\.1:\d+\/dev\/hello/)
  assert.equal(await get((await flow.sh(URL)).trim()), '{"message":"hello world"}')
  await eventually(async () => ((await flow.sh('sam traces')).includes('## lambda_handler') ? true : undefined), 60_000)
  const retention = "aws logs describe-log-groups --query 'logGroups[].retentionInDays' --output text"
  assert.match(await flow.sh(retention), /\b7\b/)
})

test('cdk deploy without a change says so; cdk destroy asks and takes everything away', async () => {
  assert.match(await flow.sh('cdk deploy --require-approval never'), /HelloWorldStack \(no changes\)/)
  await flow.answering([['y/n', 'y']], ['cdk', 'destroy'])
  assert.match(await flow.fails(URL), /Stack with id HelloWorldStack does not exist/)
  assert.equal((await flow.sh("aws lambda list-functions --query 'length(Functions)'")).trim(), '0')
})

test('every command of the page was run here', () => {
  const page = commandsOf('cdk.md')
  assert.ok(page.length > 4)
  assert.deepEqual(
    page.filter((line) => !flow.ran.has(line)),
    [],
  )
})
