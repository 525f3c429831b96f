// The commands of docs/guide/aws-cli.md, one after the other, by the unmodified aws CLI.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { after, before, test } from 'node:test'
import { startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { commandsOf, startFlow, type Flow } from './flow.ts'

let fnscope: StartedFnscope
let flow: Flow

before(async () => {
  fnscope = await startFnscope()
  flow = startFlow(fnscope, 'guarded')
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
  rmSync(dirname(flow.dir), { recursive: true, force: true })
})

/** Of a command's output, what shows that it did its work. */
const SAYS: readonly (readonly [command: string, output: RegExp])[] = [
  ['aws lambda create-function', /"FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:my-function"/],
  ['aws lambda invoke', /"ExecutedVersion": "\$LATEST"/],
  ['aws lambda update-function-configuration', /"Mode": "Active"/],
  ['aws iam list-attached-role-policies', /AWSXRayDaemonWriteAccess/],
  ['aws lambda publish-version', /"Version": "1"/],
  ['aws cloudformation package', /Successfully packaged artifacts/],
  ['aws cloudformation deploy', /Successfully created\/updated stack - cli-app/],
  ['aws cloudformation describe-stack-resources', /"LogicalResourceId": "MarkFunction"/],
]

test('every command of the page succeeds and says what it did', async () => {
  const commands = commandsOf('aws-cli.md')
  for (const [start] of SAYS)
    assert.ok(
      commands.some((line) => line.startsWith(start)),
      start,
    )
  for (const line of commands) {
    const printed = await flow.sh(line)
    const [, expected] = SAYS.find(([start]) => line.startsWith(start)) ?? []
    if (expected !== undefined) assert.match(printed, expected)
    assert.doesNotMatch(printed, /FunctionError/)
  }
})
