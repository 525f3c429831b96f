import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { pictureOf } from './picture.ts'
import { buildTree, visibleRows } from './rows.ts'
import { sampleColumns } from './sample-columns.ts'

const colours = {
  background: '#fff',
  text: '#000',
  line: '#ccc',
  fault: '#c00',
  hues: Array.from({ length: 8 }, () => '#00f'),
}

test('a picture has the rows, and what they say is never markup', () => {
  const columns = sampleColumns([{ startUs: 0, durationUs: 5, name: '<script>alert(1)</script>\u0000&"' }])
  const tree = buildTree(columns)
  const svg = pictureOf(tree, visibleRows(tree, { collapsed: new Set() }), colours)
  assert.match(svg, /&lt;script&gt;alert\(1\)&lt;\/script&gt;\ufffd&amp;&quot;/)
  assert.doesNotMatch(svg, /<script/)
})

test('a picture of a large trace says that it is a part', () => {
  const tree = buildTree(sampleColumns(Array.from({ length: 3000 }, () => ({ startUs: 0, durationUs: 5 }))))
  assert.match(pictureOf(tree, visibleRows(tree, { collapsed: new Set() }), colours), /the first 2000 of 3000 rows/)
})
