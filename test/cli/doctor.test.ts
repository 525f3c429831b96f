// `fnscope doctor` as a person and as a program read it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { BIN, CACHE } from '../started-fnscope.ts'

function doctor(...args: readonly string[]): {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
} {
  const env = { ...process.env, FNSCOPE_CACHE: CACHE, FNSCOPE_ISOLATION: '' }
  return spawnSync(process.execPath, [BIN, 'doctor', ...args], { encoding: 'utf8', env })
}

test('doctor says which isolation is active and why, and which interpreters there are', () => {
  const { status, stdout } = doctor('--json')
  assert.equal(status, 0)
  const machine = JSON.parse(stdout) as {
    readonly isolation: { readonly active: string; readonly says: string }
    readonly runtimes: readonly { readonly runtime: string; readonly path?: string }[]
  }
  assert.ok(['namespace', 'none'].includes(machine.isolation.active))
  const names = machine.runtimes.map(({ runtime }) => runtime)
  assert.ok(names.includes('python3.8') && names.includes('python3.14') && names.includes('nodejs22.x'))
  assert.ok(machine.runtimes.some(({ path }) => path?.startsWith('/')))
  const text = doctor().stdout
  assert.match(text, new RegExp(`isolation +${machine.isolation.active}: `))
  assert.match(doctor('--isolation', 'none').stdout, /isolation +none: plain processes .* \(--isolation none\)\./)
})

test('namespaces that are asked for and not to be had are an error that says who refused', (t) => {
  const { status, stderr } = doctor('--isolation', 'namespace')
  if (status === 0) {
    t.skip('this machine gives namespaces')
    return
  }
  assert.match(stderr, /this machine gives none: .+ \(FNS_ISOLATION_REFUSED\)/)
})
