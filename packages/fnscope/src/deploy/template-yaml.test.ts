import assert from 'node:assert/strict'
import test from 'node:test'
import { parseTemplate } from './template-yaml.ts'

test('short tags become their long form, nested ones too', () => {
  const template = parseTemplate('V: !Join ["-", [!Ref A, !GetAtt B.C.D, !Sub ["${x}", { x: !Ref Y }]]]', 't.yaml')
  assert.deepEqual(template['V'], {
    'Fn::Join': ['-', [{ Ref: 'A' }, { 'Fn::GetAtt': ['B', 'C.D'] }, { 'Fn::Sub': ['${x}', { x: { Ref: 'Y' } }] }]],
  })
})

test('a date and a number with a leading zero stay text', () => {
  const template = parseTemplate('AWSTemplateFormatVersion: 2010-09-09\nAccount: 012345678901\nSize: 128', 't.yaml')
  assert.equal(template['AWSTemplateFormatVersion'], '2010-09-09')
  assert.equal(template['Account'], '012345678901')
  assert.equal(template['Size'], 128)
})

test('JSON is read as it is, tabs and all', () => {
  assert.deepEqual(parseTemplate('{\n\t"Resources": {\n\t\t"A": { "Ref": "B" }\n\t}\n}', 't.json'), {
    Resources: { A: { Ref: 'B' } },
  })
})

test('an alias brings its anchor along', () => {
  const template = parseTemplate('base: &b { A: 1 }\nuse: { <<: *b, B: 2 }', 't.yaml')
  assert.deepEqual(template['use'], { A: 1, B: 2 })
})

const broken: readonly (readonly [string, RegExp])[] = [
  ['Resources:\n  A: [1, 2\n  B: 3\n', /^t\.yaml:3:\d+: /],
  ['A: 1\nA: 2\n', /^t\.yaml:2:1: .*unique/],
  ['Value: !Reff A\n', /^t\.yaml:1:8: .*Reff/],
  ['- just\n- a list\n', /^t\.yaml:1:1: a template is a map/],
  ['{ "Resources": { "A": } ', /^t\.yaml:\d+:\d+: /],
]

for (const [text, message] of broken) {
  test(`${JSON.stringify(text)} is refused at its line and column`, () => {
    assert.throws(() => parseTemplate(text, 't.yaml'), { code: 'FNS_TEMPLATE_INVALID', message })
  })
}
