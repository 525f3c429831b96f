// The guide's SAM flow, word for word, from `sam build` to `sam delete`: the unmodified SAM CLI, prompts answered in a
// terminal; an update, a deploy that fails, and what is left of each.
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { eventually, eventuallyHolds, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { commandsOf, get, startFlow, type Flow } from './flow.ts'

let fnscope: StartedFnscope
let flow: Flow

before(async () => {
  fnscope = await startFnscope()
  flow = startFlow(fnscope, 'sam-app')
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
  rmSync(dirname(flow.dir), { recursive: true, force: true })
})

const edit = (file: string, from: string, to: string): void => {
  const path = join(flow.dir, file)
  const text = readFileSync(path, 'utf8')
  assert.ok(text.includes(from), `${file} has no ${from}`)
  writeFileSync(path, text.replace(from, to))
}

const QUERY = "--query 'Stacks[0].Outputs[?OutputKey==`HelloWorldApi`].OutputValue' --output text"
const apiUrl = async (): Promise<string> =>
  (await flow.sh(`aws cloudformation describe-stacks --stack-name sam-app ${QUERY}`)).trim()

test('sam deploy --guided asks its questions, takes Enter, and writes samconfig.toml', async () => {
  await flow.sh('sam build')
  const printed = await flow.answering(
    [
      ['no authentication|authorization defined', 'y'],
      ['Deploy this changeset', 'y'],
    ],
    ['sam', 'deploy', '--guided'],
  )
  assert.match(printed, /Successfully created\/updated stack - sam-app in us-east-1/)
  assert.match(printed, /CREATE_COMPLETE\s+AWS::Lambda::Function\s+HelloWorldFunction/)
  assert.match(readFileSync(join(flow.dir, 'samconfig.toml'), 'utf8'), /stack_name = "sam-app"/)
})

test('the output URL answers, its trace is there, and sam prints logs and traces', async () => {
  assert.equal(await get(await apiUrl()), '{"message":"hello world"}')
  await eventually(async () => ((await flow.sh('sam traces')).includes('## lambda_handler') ? true : undefined), 60_000)
  await eventuallyHolds(async () =>
    assert.match(await flow.sh('sam logs --stack-name sam-app'), /REPORT RequestId: [0-9a-f-]{36}\tDuration: /),
  )
  const invoked = await flow.sh(
    'sam remote invoke HelloWorldFunction --stack-name sam-app --event-file events/hello.json',
  )
  assert.match(invoked, /START RequestId: [0-9a-f-]{36} Version: \$LATEST\n/)
  assert.match(invoked, /\nXRAY TraceId: 1-[0-9a-f]{8}-[0-9a-f]{24}\tSegmentId: [0-9a-f]{16}\tSampled: true\t\n/)
  assert.match(invoked, /"statusCode": ?200/)
})

test('an event that is kept with the function is listed, sent and deleted', async () => {
  const of = 'HelloWorldFunction --stack-name sam-app'
  await flow.sh(`sam remote test-event put ${of} --name mine --file events/hello.json`)
  assert.match(await flow.sh(`sam remote test-event list ${of}`), /^mine$/m)
  assert.match(await flow.sh(`sam remote invoke ${of} --test-event-name mine`), /"statusCode": ?200/)
  await flow.sh(`sam remote test-event delete ${of} --name mine`)
  assert.match(await flow.fails(`sam remote test-event get ${of} --name mine`), /No events found|not found/)
})

test('a second deploy takes samconfig.toml, changes code and configuration, and keeps the URL', async () => {
  const url = await apiUrl()
  edit('hello_world/app.py', '"hello world"', '"hello again"')
  edit('template.yaml', 'MemorySize: 128', 'MemorySize: 256')
  await flow.sh('sam build')
  const printed = await flow.answering([['Deploy this changeset', 'y']], ['sam', 'deploy'])
  assert.match(printed, /\* Modify\s+HelloWorldFunction\s+AWS::Lambda::Function\s+False/)
  assert.match(printed, /UPDATE_COMPLETE\s+AWS::CloudFormation::Stack\s+sam-app/)
  assert.equal(await apiUrl(), url)
  assert.equal(await get(url), '{"message":"hello again"}')
  assert.match(await flow.sh('sam deploy --no-confirm-changeset --no-fail-on-empty-changeset 2>&1'), /is up to date/)
})

test('a deploy that fails rolls back: the function runs as before, nothing new is left', async () => {
  const url = await apiUrl()
  await flow.sh('aws s3 mb s3://taken-by-somebody')
  edit('template.yaml', 'MemorySize: 256', 'MemorySize: 512')
  edit(
    'template.yaml',
    'Resources:\n',
    'Resources:\n  Extra:\n    Type: AWS::SSM::Parameter\n    Properties: {Name: /flow/extra, Type: String, Value: v}\n' +
      '  Taken:\n    Type: AWS::S3::Bucket\n    DependsOn: Extra\n    Properties: {BucketName: taken-by-somebody}\n',
  )
  await flow.sh('sam build')
  const printed = await flow.fails('sam deploy --no-confirm-changeset 2>&1')
  assert.match(printed, /CREATE_FAILED\s+AWS::S3::Bucket\s+Taken\s+taken-by-somebody already exists/)
  assert.match(printed, /UPDATE_ROLLBACK_COMPLETE\s+AWS::CloudFormation::Stack\s+sam-app/)
  assert.equal(await get(url), '{"message":"hello again"}')
  const memory = "aws lambda list-functions --query 'Functions[0].MemorySize' --output text"
  assert.equal((await flow.sh(memory)).trim(), '256')
  assert.match(await flow.fails('aws ssm get-parameter --name /flow/extra'), /ParameterNotFound/)
})

test('sam delete asks, and takes stack, functions and artifacts away', async () => {
  const printed = await flow.answering(
    [
      ['Are you sure you want to delete the stack', 'y'],
      ['delete the folder|delete the template file', 'y'],
    ],
    ['sam', 'delete'],
  )
  assert.match(printed, /Deleted successfully/)
  assert.match(
    await flow.fails('aws cloudformation describe-stacks --stack-name sam-app'),
    /Stack with id sam-app does not exist/,
  )
  assert.equal((await flow.sh("aws lambda list-functions --query 'length(Functions)'")).trim(), '0')
})

test('every command of the page was run here', () => {
  const page = commandsOf('sam.md')
  assert.ok(page.length > 5)
  assert.deepEqual(
    page.filter((line) => !flow.ran.has(line)),
    [],
  )
})
