import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { keyName } from './shortcuts.ts'

const plain = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false }

test('a key has one name, whatever the keyboard', () => {
  assert.equal(keyName({ ...plain, key: 'j' }), 'j')
  assert.equal(keyName({ ...plain, key: 'N', shiftKey: true }), 'Shift+n')
  assert.equal(keyName({ ...plain, key: '?', shiftKey: true }), '?')
  assert.equal(keyName({ ...plain, key: 'k', metaKey: true }), 'Ctrl+k')
  assert.equal(keyName({ ...plain, key: ' ' }), 'Space')
  assert.equal(keyName({ ...plain, key: 'Enter', altKey: true }), 'Alt+Enter')
})
