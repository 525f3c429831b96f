// What the command line says of itself and of mistakes; nothing is started but the commands.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BIN, ROOT, hasClients, runClient, runFnscope, startFnscope, temporaryDir } from '../started-fnscope.ts'

const COMMANDS = ['up', 'deploy', 'remove', 'invoke', 'traces', 'map', 'logs', 'functions', 'config']
/** A port where nothing listens: 1 is never given to anybody. */
const NOWHERE = { FNSCOPE_URL: 'http://127.0.0.1:1' }

test('--help names every command and exits 0', async () => {
  const ran = await runFnscope(['--help'])
  assert.equal(ran.code, 0)
  for (const command of COMMANDS) assert.match(ran.stdout, new RegExp(`^ {2}${command}\\b`, 'm'))
  assert.doesNotMatch(ran.stdout, /demo/)
})

for (const command of COMMANDS) {
  test(`${command} --help has examples and --json, and exits 0`, async () => {
    const ran = await runFnscope([command, '--help'])
    assert.deepEqual([ran.code, ran.stderr], [0, ''])
    assert.match(ran.stdout, new RegExp(`\\nExamples:\\n {2}(echo.*)?fnscope ${command}\\b`))
    assert.match(ran.stdout, /--json/)
    assert.ok(!ran.stdout.includes('\x1b'))
  })
}

test("--version is the manifest's, under every Node", async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'packages/fnscope/package.json'), 'utf8')) as {
    readonly version: string
  }
  assert.equal((await runFnscope(['--version'])).stdout, `${version}\n`)
  const system = spawnSync('/usr/bin/node', [BIN, '--version'], { encoding: 'utf8' })
  if (system.error === undefined) assert.equal(system.stdout, `${version}\n`)
})

const WRONG: readonly (readonly [readonly string[], RegExp])[] = [
  [['trace'], /unknown command 'trace'\n\(Did you mean traces\?\)/],
  [['traces', '--limits', '3'], /unknown option '--limits'\n\(Did you mean --limit\?\)/],
  [['invoke'], /missing required argument 'name'/],
  [['up', '--ports', 'some'], /Allowed choices are auto/],
  [['up', '--port', 'x'], /--port wants a port/],
  [['up', '.', '--parameter', 'x'], /--parameter wants NAME=VALUE/],
  [['config', '--remove'], /--aws-profile NAME --remove/],
  [['config', '--aws-profile', 'default'], /other than "default"/],
]
for (const [args, message] of WRONG) {
  test(`fnscope ${args.join(' ')}: exit 2 and a hint`, async () => {
    const ran = await runFnscope(args)
    assert.deepEqual([ran.code, ran.stdout], [2, ''])
    assert.match(ran.stderr, message)
    assert.doesNotMatch(ran.stderr, /\n {4}at /)
  })
}

for (const args of [['traces'], ['map'], ['logs'], ['functions'], ['deploy', '.'], ['remove', 'x'], ['invoke', 'x']]) {
  test(`fnscope ${args[0]} without a running fnscope: one sentence, exit 1`, async () => {
    const ran = await runFnscope(args, NOWHERE)
    assert.deepEqual([ran.code, ran.stdout], [1, ''])
    assert.match(ran.stderr, /^error No fnscope answers at http:\/\/127\.0\.0\.1:1 .*\(FNS_NOT_RUNNING\)\n$/)
  })
}

test('colour is for terminals: none in a pipe, FORCE_COLOR insists, NO_COLOR forbids', async () => {
  assert.ok(!(await runFnscope(['config'], { FORCE_COLOR: undefined, NO_COLOR: undefined })).stdout.includes('\x1b'))
  assert.ok((await runFnscope(['config'], { FORCE_COLOR: '1' })).stdout.includes('\x1b[2m'))
  assert.ok((await runFnscope(['traces'], { ...NOWHERE, FORCE_COLOR: '1' })).stderr.startsWith('\x1b[31merror'))
})

test('config shows each value with its source, and no secret', async () => {
  const env = { FNSCOPE_TOKEN: 's3cret', FNSCOPE_STORE: 'https://me:p@ss@box:8443/x', FNSCOPE_PORT: '5000' }
  const { stdout } = await runFnscope(['config'], env)
  assert.match(stdout, /^port +5000 {2}\(FNSCOPE_PORT\)$/m)
  assert.match(stdout, /^token +\(set\) {2}\(FNSCOPE_TOKEN\)$/m)
  assert.match(stdout, /^storeUrl +https:\/\/\*\*\*@box:8443\/x {2}\(FNSCOPE_STORE\)$/m)
  assert.match(stdout, /^sampling +all {2}\(default\)$/m)
  assert.doesNotMatch(stdout, /s3cret|p@ss/)
  const json = JSON.parse((await runFnscope(['config', '--json'], env)).stdout) as Record<string, unknown>
  assert.deepEqual(json['port'], { value: 5000, from: 'FNSCOPE_PORT' })
  assert.deepEqual(json['token'], { value: '(set)', from: 'FNSCOPE_TOKEN' })
})

test(
  'the AWS profile that config writes is one the aws CLI can use',
  { skip: hasClients() ? false : 'no aws CLI' },
  async () => {
    const home = temporaryDir('home')
    await using fnscope = await startFnscope()
    const env = { HOME: home, FNSCOPE_URL: fnscope.url, AWS_CONFIG_FILE: '', AWS_SHARED_CREDENTIALS_FILE: '' }
    const wrote = await runFnscope(['config', '--aws-profile', 'scope'], env)
    assert.equal(wrote.code, 0, wrote.stderr)
    const plain = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'))
    const clean = { ...Object.fromEntries(plain), HOME: home, AWS_PAGER: '' }
    const asked = await runClient(
      'aws',
      ['--profile', 'scope', 'xray', 'get-sampling-rules', '--output', 'text'],
      clean,
    )
    assert.equal(asked.code, 0, asked.stderr)
    assert.match(asked.stdout, /Default/)
    const removed = await runFnscope(['config', '--aws-profile', 'scope', '--remove'], env)
    assert.equal(removed.stdout, 'Removed the profile scope.\n')
    assert.equal(readFileSync(join(home, '.aws/config'), 'utf8'), '')
    const gone = await runClient('aws', ['--profile', 'scope', 'xray', 'get-sampling-rules'], clean)
    assert.match(gone.stderr, /could not be found/)
    rmSync(home, { recursive: true, force: true })
  },
)
