import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultRule } from './rule.ts'
import { SamplingRules, type SamplingReport } from './targets.ts'

const NOW = 1_700_000_005

function reportOf(clientId: string, part: Partial<SamplingReport> = {}): SamplingReport {
  const counts = { requestCount: 10, sampledCount: 2, borrowCount: 1 }
  return { ruleName: 'Default', clientId, timestampSeconds: NOW, ...counts, ...part }
}

function quotas(rules: SamplingRules, clients: readonly string[], now: number): number[] {
  return rules
    .report(
      clients.map((client) => reportOf(client, { timestampSeconds: now })),
      now,
    )
    .targets.map((target) => target.reservoirQuota)
}

test('clients of a rule share its reservoir, and the parts make the whole', () => {
  const rules = new SamplingRules({ nowSeconds: NOW, rules: [defaultRule({ reservoirSize: 5 })] })
  quotas(rules, ['a', 'b', 'c'], NOW)
  assert.deepEqual(quotas(rules, ['a', 'b', 'c'], NOW + 10), [2, 2, 1])
})

test('a client that stopped reporting leaves its share to the others', () => {
  const rules = new SamplingRules({ nowSeconds: NOW, rules: [defaultRule({ reservoirSize: 4 })] })
  quotas(rules, ['a', 'b'], NOW)
  assert.deepEqual(quotas(rules, ['a'], NOW + 30), [4])
})

test('unknown rules and old reports are told apart and not counted', () => {
  const rules = new SamplingRules({ nowSeconds: NOW })
  const answer = rules.report([reportOf('a', { ruleName: 'x' }), reportOf('a', { timestampSeconds: 1 })], NOW)
  assert.deepEqual(answer.targets, [])
  assert.deepEqual(
    answer.unprocessed.map((one) => one.ruleName),
    ['x', 'Default'],
  )
  assert.deepEqual(rules.statistics(), [])
})

test('statistics are summed by windows of ten seconds', () => {
  const rules = new SamplingRules({ nowSeconds: NOW })
  rules.report([reportOf('a'), reportOf('b')], NOW)
  rules.report([reportOf('a')], NOW + 10)
  const [first, second] = rules.statistics()
  assert.deepEqual(first, {
    ruleName: 'Default',
    timestampSeconds: 1_700_000_000,
    requestCount: 20,
    sampledCount: 4,
    borrowCount: 2,
  })
  assert.equal(second?.requestCount, 10)
})

test('a change is told to clients that fetched the rules in the same second, and stands only when it could be kept', () => {
  const kept: string[][] = []
  const rules = new SamplingRules({
    nowSeconds: NOW - 100,
    onChange: (records) => {
      if (records.some(({ rule }) => rule.ruleName === 'unkept')) throw new Error('disk full')
      kept.push(records.map(({ rule }) => rule.ruleName))
    },
  })
  const rule = { ...defaultRule({ fixedRate: 0.5 }), ruleName: 'mine', priority: 5 }
  rules.put(rule, NOW + 0.9)
  assert.ok(rules.report([], NOW + 1).lastModifiedSeconds > NOW)
  assert.throws(() => rules.put({ ...rule, ruleName: 'unkept' }, NOW), /disk full/)
  assert.deepEqual(
    rules.list().map((record) => record.rule.ruleName),
    ['mine', 'Default'],
  )
  rules.put(defaultRule({ fixedRate: 0.2 }), NOW)
  rules.remove('mine', NOW)
  assert.deepEqual(kept, [['mine'], ['mine', 'Default'], ['Default']])
})
