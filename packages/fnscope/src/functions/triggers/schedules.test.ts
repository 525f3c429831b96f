import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { NO_TRIGGERS, type ScheduleSpec } from '../trigger-spec.ts'
import { Schedules } from './schedules.ts'
import { TriggerRegistry } from './trigger-registry.ts'

const START = Date.parse('2026-11-21T10:07:30Z')
const tick: ScheduleSpec = {
  logicalId: 'FnTick',
  stack: 'app',
  kind: 'rule',
  name: 'tick',
  arn: 'arn:aws:events:us-east-1:000000000000:rule/tick',
  expression: 'rate(1 minute)',
  timezone: 'UTC',
  functionName: 'fn',
  enabled: true,
}

function start(
  t: TestContext,
  schedules: readonly ScheduleSpec[],
): { readonly calls: [string, string][]; readonly notes: string[]; readonly triggers: TriggerRegistry } {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: START })
  const calls: [string, string][] = []
  const notes: string[] = []
  const triggers = new TriggerRegistry()
  const running = new Schedules(triggers, {
    region: 'us-east-1',
    accountId: '000000000000',
    invoke: async (functionName, payload) => void calls.push([functionName, payload]),
    notify: (line) => notes.push(line),
  })
  t.after(() => running.stop())
  triggers.replace('app', { ...NO_TRIGGERS, schedules })
  triggers.settle()
  return { calls, notes, triggers }
}

test("a rule's schedule fires with the event of EventBridge, again and again, until its stack is gone", (t) => {
  const { calls, triggers } = start(t, [tick])
  t.mock.timers.tick(60_000)
  t.mock.timers.tick(60_000)
  assert.equal(calls.length, 2)
  const [functionName, payload] = calls[0]!
  assert.equal(functionName, 'fn')
  const { id, ...event } = JSON.parse(payload) as { readonly id: string }
  assert.match(id, /^[0-9a-f-]{36}$/)
  assert.deepEqual(event, {
    version: '0',
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '000000000000',
    time: '2026-11-21T10:08:30Z',
    region: 'us-east-1',
    resources: ['arn:aws:events:us-east-1:000000000000:rule/tick'],
    detail: {},
  })
  triggers.replace('app', undefined)
  triggers.settle()
  t.mock.timers.tick(600_000)
  assert.equal(calls.length, 2)
})

test('an Input is the whole event; a disabled schedule and one that is none do not fire', (t) => {
  const { calls, notes } = start(t, [
    { ...tick, input: '{"a":1}', expression: 'cron(10 10 * * ? *)' },
    { ...tick, enabled: false },
    { ...tick, logicalId: 'Bad', expression: 'rate(5 weeks)' },
  ])
  t.mock.timers.tick(150_000)
  t.mock.timers.tick(600_000)
  assert.deepEqual(calls, [['fn', '{"a":1}']])
  assert.match(notes.join('\n'), /^Bad: the schedule does not fire: rate\(5 weeks\)/)
})

test('a change of another stack does not begin a schedule anew', (t) => {
  const { calls, triggers } = start(t, [tick])
  t.mock.timers.tick(50_000)
  triggers.replace('other', NO_TRIGGERS)
  triggers.settle()
  t.mock.timers.tick(10_000)
  assert.equal(calls.length, 1)
})
