import assert from 'node:assert/strict'
import test from 'node:test'
import { apiIdOf, physicalName, stackNameFrom } from './physical-name.ts'

const seed = { appDir: '/apps/one', stack: 'sam-app' }

test('a name is stack, logical id and 12 characters that depend on nothing else than directory, stack and id', () => {
  const name = physicalName(seed, 'HelloWorldFunction')
  assert.match(name, /^sam-app-HelloWorldFunction-[A-Za-z0-9]{12}$/)
  assert.equal(physicalName({ ...seed }, 'HelloWorldFunction'), name)
  const others = [
    physicalName({ ...seed, appDir: '/apps/two' }, 'HelloWorldFunction'),
    physicalName({ ...seed, stack: 'sam-app2' }, 'HelloWorldFunction'),
    physicalName(seed, 'HelloWorldFunction2'),
  ]
  assert.equal(new Set([name, ...others].map((one) => one.slice(-12))).size, 4)
})

test('a name over 64 characters is cut in its longer part and keeps its ending', () => {
  const short = physicalName(seed, 'A'.repeat(80))
  assert.equal(short.length, 64)
  assert.match(short, /^sam-app-A{43}-[A-Za-z0-9]{12}$/)
  const both = physicalName({ ...seed, stack: 's'.repeat(100) }, 'L'.repeat(80))
  assert.match(both, /^s{25}-L{25}-[A-Za-z0-9]{12}$/)
  const long = physicalName({ ...seed, stack: 's'.repeat(100) }, 'Fn')
  assert.match(long, /^s{48}-Fn-[A-Za-z0-9]{12}$/)
})

test('an API id is 10 lower-case letters and digits', () => {
  assert.match(apiIdOf(seed, 'ServerlessRestApi'), /^[a-z0-9]{10}$/)
})

test('a directory name becomes a stack name that CloudFormation takes', () => {
  assert.equal(stackNameFrom('my_app.v2'), 'my-app-v2')
  assert.equal(stackNameFrom('2nd app'), 'nd-app')
  assert.equal(stackNameFrom('日本'), 'app')
})
