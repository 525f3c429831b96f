import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formOfRule, NEW_RULE, ruleOfForm } from './sampling-rule-form.ts'

test('a rule is the same after its form, its rate in percent there', () => {
  for (const FixedRate of [0, 0.05, 0.07, 0.333, 1]) {
    const rule = { ...NEW_RULE, RuleName: 'checkout', FixedRate }
    assert.deepEqual(ruleOfForm(formOfRule(rule)), rule)
  }
  assert.equal(formOfRule({ ...NEW_RULE, FixedRate: 0.07 }).FixedRate, '7')
})
