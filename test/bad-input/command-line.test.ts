// Mistakes at the command line: what was found, where, what to do; exit status 1, or 2 for bad usage.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { BIN, eventuallyHolds, runFnscope, startFnscope, temporaryDir } from '../started-fnscope.ts'

let dir: string

before(() => {
  dir = temporaryDir('mistakes')
})

after(() => {
  rmSync(dir, { recursive: true, force: true })
})

const up = async (...args: string[]): ReturnType<typeof runFnscope> =>
  await runFnscope(['up', '--data', join(dir, 'data'), '--ports', 'auto', ...args])

test('bad flags are refused with exit 2, naming the flag, what was given and what is wanted', async () => {
  const cases: readonly (readonly [args: readonly string[], said: readonly RegExp[]])[] = [
    [['--nonsense'], [/--nonsense/, /--help/]],
    [
      ['--retention', 'forever'],
      [/--retention/, /forever/, /7d/],
    ],
    [
      ['--retention', '0d'],
      [/--retention/, /0d/],
    ],
    [['--retention', '-7d'], [/--retention|-7d/]],
    [['--retention', '9'.repeat(400) + 'd'], [/--retention/]],
    [
      ['--port', '65536'],
      [/--port/, /65536/],
    ],
    [
      ['--port', 'http'],
      [/--port/, /http/],
    ],
    [
      ['--door', 'xray-daemon'],
      [/--door/, /xray-daemon=|NAME=/],
    ],
    [
      ['--door', 'telnet=127.0.0.1:23'],
      [/--door/, /telnet/, /xray-daemon/],
    ],
    [
      ['--door', 'xray-daemon=127.0.0.1:99999'],
      [/--door/, /99999/],
    ],
    [['--door', '__proto__=off'], [/--door/]],
    [
      ['--ports', 'some'],
      [/--ports/, /some/, /auto/],
    ],
    [
      ['--sampling', 'none'],
      [/--sampling/, /none/],
    ],
    [
      ['--log-level', 'loud'],
      [/--log-level/, /loud/],
    ],
    [
      ['--store', 'not a url'],
      [/store/i, /http/],
    ],
    [['--store', 'ftp://user:hunter2@host/x'], [/ftp/]],
    [['a', 'b'], [/argument/]],
  ]
  for (const [args, said] of cases) {
    const { code, stdout, stderr } = await up(...args)
    const what = `${args.join(' ').slice(0, 80)}: ${code} ${stderr.slice(0, 500)}`
    assert.equal(code, 2, what)
    for (const words of said) assert.match(stderr, words, what)
    assert.equal(stdout, '', what)
    assert.doesNotMatch(stderr, /\n {4}at |hunter2/, what)
  }
  assert.equal((await runFnscope(['dance'])).code, 2)
})

test('a taken port is fatal and names its holder when asked for, else another is taken with a word', async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port } = holder.address() as AddressInfo
  try {
    const asked = await up('--port', String(port))
    assert.equal(asked.code, 1, asked.stderr)
    assert.match(asked.stderr, new RegExp(`127\\.0\\.0\\.1:${port} is in use by .*\\(process ${process.pid}\\)`))
    assert.match(asked.stderr, /name another port.*FNS_PORT_IN_USE/s)
    const door = await up('--door', `xray-daemon=127.0.0.1:${port}`)
    // UDP of that number is free: only TCP is taken, and the user named it.
    assert.equal(door.code, 1, door.stderr)
    assert.match(door.stderr, new RegExp(`:${port} is in use`))
  } finally {
    holder.close()
  }
})

test('a taken default port gives way to a free one, and says so', async () => {
  const taken = createServer()
  taken.listen(4747, '127.0.0.1')
  // Taken by somebody else already: just as good.
  await Promise.race([once(taken, 'listening'), once(taken, 'error')])
  const data = temporaryDir('default-port')
  const child = spawn(process.execPath, [BIN, 'up', '--data', data, '--json', '--door', 'xray-daemon=off'], {
    stdio: 'pipe',
  })
  try {
    let stderr = ''
    child.stderr.on('data', (part: Buffer) => (stderr += part.toString()))
    const [first] = (await once(child.stdout, 'data')) as [Buffer]
    const { url } = JSON.parse(first.toString().split('\n')[0]!) as { readonly url: string }
    assert.notEqual(new URL(url).port, '4747')
    await eventuallyHolds(async () =>
      assert.match(stderr, /127\.0\.0\.1:4747 is in use by .*taking a free port instead/),
    )
  } finally {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
    taken.close()
    rmSync(data, { recursive: true, force: true })
  }
})

test('a data directory that cannot be used is refused with its path and the flag', async () => {
  const file = join(dir, 'a-file')
  writeFileSync(file, '')
  for (const data of [file, join(file, 'below'), '/proc/nowhere']) {
    const { code, stderr } = await runFnscope(['up', '--data', data, '--ports', 'auto'])
    assert.equal(code, 1, stderr)
    assert.ok(stderr.includes(data), stderr)
    assert.match(stderr, /--data.*FNS_DATA_UNWRITABLE/s)
  }
})

test(
  'a directory of another user is refused, not half used',
  { skip: process.getuid?.() === 0 ? false : 'SKIPPED: needs root' },
  (t) => {
    const data = join(dir, 'roots')
    mkdirSync(data, { mode: 0o755 })
    chmodSync(dir, 0o755)
    const { status, stderr } = spawnSync(process.execPath, [BIN, 'up', '--data', data, '--ports', 'auto'], {
      uid: 65_534,
      gid: 65_534,
      env: { PATH: process.env['PATH'], HOME: dir },
      encoding: 'utf8',
    })
    if (/Cannot find module|EACCES.*main\.ts|permission denied, open/.test(stderr))
      return t.skip('SKIPPED: another user cannot read this checkout')
    assert.equal(status, 1, stderr)
    assert.match(stderr, /roots.*--data.*FNS_DATA_UNWRITABLE/s)
  },
)

test('commands for a running fnscope say that there is none, and other mistakes', async () => {
  const env = { FNSCOPE_URL: 'http://127.0.0.1:9' }
  for (const args of [['traces'], ['logs'], ['functions'], ['invoke', 'x']]) {
    const { code, stderr } = await runFnscope(args, env)
    assert.equal(code, 1, stderr)
    assert.match(stderr, /127\.0\.0\.1:9.*FNS_NOT_RUNNING/s)
  }
  await using fnscope = await startFnscope()
  const running = { FNSCOPE_URL: fnscope.url }
  for (const [args, words] of [
    [['traces', '--since', 'forever'], /--since.*forever/],
    [['traces', '--id', 'x'], /"x" is no trace id/],
    [['traces', '--limit', 'x'], /limit/],
    [['logs', '--since', '-1h'], /since/],
    [['invoke', 'nobody'], /nobody/],
    [['invoke', 'nobody', '-e', '/no/such/file'], /\/no\/such\/file/],
  ] as const) {
    const { code, stderr } = await runFnscope(args, running)
    assert.ok(code === 1 || code === 2, `${args.join(' ')}: ${code} ${stderr}`)
    assert.match(stderr, words)
    assert.doesNotMatch(stderr, /\n {4}at /)
  }
  const badEvent = await runFnscope(['invoke', 'x', '-e', '-'], running, '{"a":')
  assert.equal(badEvent.code, 1)
  assert.match(badEvent.stderr, /standard input is not JSON.*FNS_EVENT_INVALID/s)
})
