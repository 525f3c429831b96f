// Another user of the same machine, without the engine's password: nothing of the data directory and nothing of the
// engine. Needs root, to become somebody else.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { APPS, eventually, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'

const NOBODY = 65_534
const skip = process.getuid?.() === 0 ? false : 'SKIPPED: only root can act as another user'

let fnscope: StartedFnscope
let parent: string

before(async () => {
  if (skip !== false) return
  parent = temporaryDir('shared')
  chmodSync(parent, 0o755)
  // As a user makes it: open to all.
  mkdirSync(join(parent, 'data'), { mode: 0o755 })
  fnscope = await startFnscope({ app: join(APPS, 'guarded'), dataDir: join(parent, 'data') })
})

after(async () => {
  if (skip !== false) return
  await fnscope[Symbol.asyncDispose]()
  rmSync(parent, { recursive: true, force: true })
})

/** Runs a shell line as nobody; its output and status. */
function asNobody(script: string): { readonly status: number | null; readonly stdout: string } {
  const { status, stdout } = spawnSync('/bin/sh', ['-c', script], {
    uid: NOBODY,
    gid: NOBODY,
    env: { PATH: '/usr/bin:/bin', NO_PROXY: '*' },
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { status, stdout }
}

function enginePassword(): string {
  const found = readdirSync(fnscope.dataDir, { recursive: true, encoding: 'utf8' }).find((name) =>
    name.endsWith('engine/password'),
  )
  return readFileSync(join(fnscope.dataDir, found!), 'utf8').trim()
}

/** Where the engine listens: the port on its command line. */
function enginePort(): string {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    let args: string
    try {
      args = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    } catch {
      continue
    }
    const port = /--http_port=(\d+)/.exec(args)?.[1]
    if (port !== undefined && args.includes(fnscope.dataDir)) return port
  }
  throw new Error('no engine process found')
}

test('no file below the data directory can be read or made by another user', { skip }, async () => {
  await fetch(`${fnscope.url}/2015-03-31/functions/MarkFunction/invocations`, {
    method: 'POST',
    headers: { authorization: 'any' },
    body: '{}',
  })
  const dir = fnscope.dataDir
  const all = readdirSync(dir, { recursive: true, encoding: 'utf8' })
  assert.ok(all.length > 20, 'there must be files to look for')
  const readable = asNobody(`find '${dir}' -type f -readable 2>/dev/null`).stdout.trim()
  assert.equal(readable, '')
  const writable = asNobody(`find '${dir}' -writable 2>/dev/null`).stdout.trim()
  assert.equal(writable, '')
  assert.notEqual(asNobody(`touch '${dir}/mine'`).status, 0)
  assert.notEqual(asNobody(`ls '${dir}/store'`).status, 0)
  assert.notEqual(asNobody(`ls '${dir}/wal'`).status, 0)
})

const QUESTIONS = ['SELECT 1', 'SHOW TABLES FROM fnscope', 'SELECT * FROM fnscope.spans', 'DROP DATABASE fnscope']
const COMMANDS = ['SYSTEM SHUTDOWN', 'SYSTEM STOP LISTEN HTTP', 'SYSTEM KILL', 'SELECT * FROM system.users']

test('the engine answers nobody without its password', { skip }, () => {
  const port = enginePort()
  const base = `http://127.0.0.1:${port}`
  const ways = [
    '',
    '-u default:',
    '-u fnscope:',
    '-u fnscope:wrong',
    "-H 'X-ClickHouse-User: fnscope' -H 'X-ClickHouse-Key: wrong'",
    "-H 'X-ClickHouse-User: default'",
    "-H 'Authorization: Basic'",
    "-H 'Authorization: Bearer x'",
  ]
  for (const way of ways) {
    for (const question of [...QUESTIONS, ...COMMANDS]) {
      const { stdout } = asNobody(`curl -s -m 10 -w ' %{http_code}' ${way} '${base}/' --data-binary '${question}'`)
      assert.match(stdout, /this store belongs to fnscope\s+401$/, `${way} ${question}: ${stdout}`)
    }
  }
  const paths = [
    '/?user=default&query=SELECT+1',
    '/play',
    '/dashboard',
    '/replicas_status',
    '/metrics',
    '/js/x',
    '/?query=SELECT+1&user=fnscope&password=wrong',
  ]
  for (const path of paths) {
    const { stdout } = asNobody(`curl -s -m 10 -w ' %{http_code}' '${base}${path}'`)
    assert.match(stdout, /this store belongs to fnscope\s+401$/, `${path}: ${stdout}`)
  }
  // The port is there, and with the password it does answer: the refusals above are no accident.
  const { stdout } = asNobody(`curl -s -m 10 -u 'fnscope:${enginePassword()}' '${base}/' --data-binary 'SELECT 40+2'`)
  assert.equal(stdout.trim(), '42')
})

test('after all of that fnscope still stores and reads', { skip }, async () => {
  const logs = await eventually(async () => {
    const answer = await fetch(`${fnscope.url}/api/logs?function=MarkFunction`)
    const { lines } = (await answer.json()) as { readonly lines: readonly { readonly body: string }[] }
    return lines.some(({ body }) => body.startsWith('MARK')) ? lines : undefined
  })
  assert.ok(logs.length > 0)
})

test('neither the password nor a token stands on a command line or in a function', { skip }, async () => {
  const password = enginePassword()
  const answer = await fetch(`${fnscope.url}/2015-03-31/functions/EnvironmentFunction/invocations`, {
    method: 'POST',
    headers: { authorization: 'any' },
    body: '{}',
  })
  const environment = await answer.text()
  assert.match(environment, /AWS_LAMBDA_FUNCTION_NAME/)
  assert.ok(!environment.includes(password))
  const lines = asNobody('cat /proc/[0-9]*/cmdline 2>/dev/null').stdout
  assert.ok(lines.includes('awslambdaric'), 'the function process is seen')
  assert.ok(!lines.includes(password))
})
