// The guide's CDK flow with a Python project, word for word: bootstrap, deploy, call, traces, destroy; the unmodified CDK
// CLI and library, prompts answered in a terminal. Then a project in TypeScript, whose function the library bundles.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { eventually, ROOT, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
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

const TYPESCRIPT: Readonly<Record<string, string>> = {
  'package.json': '{ "name": "greet", "private": true }',
  'package-lock.json': '{ "name": "greet", "lockfileVersion": 3, "packages": {} }',
  'cdk.json': JSON.stringify({
    app: 'esbuild bin/app.ts --format=cjs --outfile=bin/app.js --log-level=error && node bin/app.js',
  }),
  'bin/app.ts': `
import { App, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib'
import { FunctionUrlAuthType, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda'
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs'
import type { Construct } from 'constructs'

class GreetStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props)
    const greet = new NodejsFunction(this, 'Greet', { entry: 'lambda/greet.ts', runtime: Runtime.NODEJS_22_X, tracing: Tracing.ACTIVE })
    new CfnOutput(this, 'name', { value: greet.functionName })
    new CfnOutput(this, 'url', { value: greet.addFunctionUrl({ authType: FunctionUrlAuthType.NONE }).url })
  }
}
new GreetStack(new App(), 'GreetStack')
`,
  'lambda/greet.ts': `
interface Greeted { readonly name?: string }
export const handler = async (event: Greeted): Promise<string> => \`hello \${event.name ?? 'nobody'}\`
`,
}

/** A project with its packages as `npm install` leaves them; the library is the one in the Python package, byte for byte. */
async function startTypeScript(): Promise<Flow> {
  const project = startFlow(fnscope, 'cdk-typescript')
  for (const [file, text] of Object.entries(TYPESCRIPT)) {
    mkdirSync(dirname(join(project.dir, file)), { recursive: true })
    writeFileSync(join(project.dir, file), text)
  }
  const modules = join(project.dir, 'node_modules')
  mkdirSync(modules)
  for (const name of ['esbuild', '@esbuild', '.bin']) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  const packages = `$(echo ${join(ROOT, '.fnscope/venvs/cdk')}/lib/python3*/site-packages)`
  for (const [name, place] of [
    ['aws-cdk-lib', 'aws_cdk/_jsii/aws-cdk-lib@*.jsii.tgz'],
    ['constructs', 'constructs/_jsii/constructs@*.jsii.tgz'],
    ['@aws-cdk/cloud-assembly-schema', 'aws_cdk/cloud_assembly_schema/_jsii/cloud-assembly-schema@*.jsii.tgz'],
  ])
    await project.sh(
      `mkdir -p node_modules/${name} && tar -xzf ${packages}/${place} -C node_modules/${name} --strip-components=1`,
    )
  return project
}

test('a TypeScript project is deployed, its bundled function answers by both ways, and it is destroyed', async () => {
  const project = await startTypeScript()
  try {
    const deployed = await project.sh('cdk deploy --require-approval never 2>&1')
    assert.match(deployed, /Bundling asset GreetStack\/Greet\/Code\/Stage/)
    const name = /GreetStack\.name = (\S+)/.exec(deployed)![1]!
    const url = /GreetStack\.url = (http:\/\/127\.0\.0\.1:\d+\/)/.exec(deployed)![1]!
    const payload = '--payload \'{"name":"ts"}\''
    await project.sh(`aws lambda invoke --function-name ${name} ${payload} answer.json`)
    assert.equal(readFileSync(join(project.dir, 'answer.json'), 'utf8'), '"hello ts"')
    assert.equal(await get(url), '"hello nobody"')
    await project.sh('cdk destroy --force')
    assert.match(
      await project.fails('aws cloudformation describe-stacks --stack-name GreetStack'),
      /Stack with id GreetStack does not exist/,
    )
  } finally {
    rmSync(dirname(project.dir), { recursive: true, force: true })
  }
})

test('every command of the page was run here', () => {
  const page = commandsOf('cdk.md')
  assert.ok(page.length > 4)
  assert.deepEqual(
    page.filter((line) => !flow.ran.has(line)),
    [],
  )
})
