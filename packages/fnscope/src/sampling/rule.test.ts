import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultRule, matchesWildcard, matchRule, type SamplingRule } from './rule.ts'

const rule = (part: Partial<SamplingRule>): SamplingRule => ({ ...defaultRule(), ...part })

test('wildcards match any characters or one, whatever the case', () => {
  for (const [pattern, text, expected] of [
    ['*', '', true],
    ['/api/*', '/API/x/y', true],
    ['?x', 'ax', true],
    ['?x', 'x', false],
    ['a*b*c', 'a__b__b_c', true],
    ['a*b', 'a_b_c', false],
    ['', 'a', false],
  ] as const) {
    assert.equal(matchesWildcard(pattern, text), expected, `${pattern} on ${text}`)
  }
})

test('a pattern of many stars ends soon on a text that does not match', () => {
  assert.equal(matchesWildcard('*a'.repeat(60) + 'b', 'a'.repeat(5000)), false)
})

test('the first rule by priority that matches is taken, the default last', () => {
  const rules = [
    defaultRule(),
    rule({ ruleName: 'b', priority: 2, urlPath: '/x*' }),
    rule({ ruleName: 'a', priority: 1, host: 'shop' }),
  ]
  assert.equal(matchRule(rules, { host: 'shop', urlPath: '/x' })?.ruleName, 'a')
  assert.equal(matchRule(rules, { host: 'other', urlPath: '/x' })?.ruleName, 'b')
  assert.equal(matchRule(rules, { host: 'other', urlPath: '/y' })?.ruleName, 'Default')
})

test('rules with attributes or for one resource match no request', () => {
  assert.equal(matchRule([rule({ attributes: { a: 'b' } }), rule({ resourceArn: 'arn:x' })], {}), undefined)
})
