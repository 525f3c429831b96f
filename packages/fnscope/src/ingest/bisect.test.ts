import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreError } from '../store/store.ts'
import { insertBisecting, type Bisected } from './bisect.ts'
import { Segment } from './wal-segment.ts'

/** What a store does that refuses an insert with a bad row, or with a request that cannot be read at all. */
async function bisect(
  requests: readonly (readonly string[])[],
  refusedBefore: readonly string[] = [],
): Promise<Bisected & { readonly stored: string[]; readonly inserts: number; readonly refused: string[] }> {
  const stored: string[] = []
  const refused: string[] = []
  let inserts = 0
  const outcome = await insertBisecting(
    {
      segment: new Segment('', 's'),
      table: 't',
      blocks: requests.map((rows) => ({ bytes: Buffer.from(JSON.stringify(rows)), rows: rows.length })),
      refused: new Set(refusedBefore),
    },
    {
      async tryInsert(blocks, token, range) {
        inserts += 1
        const all = blocks.flatMap((bytes) => JSON.parse(Buffer.from(bytes).toString()) as string[])
        const rows = all.slice(range?.from, range?.to)
        if (rows.some((row) => row.startsWith('bad')) || all.includes('torn'))
          return new StoreError(`no ${token}`, { retryable: false })
        stored.push(...rows)
        return undefined
      },
      async onRefused(token) {
        refused.push(token)
      },
    },
  )
  return { ...outcome, stored, inserts, refused }
}

function request(name: string, rows: number): string[] {
  return Array.from({ length: rows }, (_, row) => `${name}${row}`)
}

test('what the store takes is one insert under the token of segment and table', async () => {
  const { stored, inserts, taken } = await bisect([request('a', 3), request('b', 2)])
  assert.deepEqual([stored, inserts, taken], [['a0', 'a1', 'a2', 'b0', 'b1'], 1, 5])
})

test('one bad row is dropped, its neighbours of the same and of other requests are stored', async () => {
  const requests = [request('a', 300), [...request('b', 100), 'bad', ...request('c', 100)], request('d', 300)]
  const { stored, poisoned, hopeless, inserts } = await bisect(requests)
  assert.deepEqual(
    [...stored].sort(),
    requests
      .flat()
      .filter((row) => row !== 'bad')
      .sort(),
  )
  assert.deepEqual([poisoned, hopeless], [[{ from: 400, to: 401 }], false])
  assert.ok(inserts < 30, `${inserts} inserts`)
})

test('a request that cannot be read fails itself alone', async () => {
  const requests = [request('a', 10), request('b', 10), ['torn', 'x', 'y'], request('c', 10), request('d', 1000)]
  const { stored, taken, poisoned } = await bisect(requests)
  assert.deepEqual([...stored].sort(), requests.filter((rows) => rows[0] !== 'torn').flat().sort()) // prettier-ignore
  assert.equal(taken, 1030)
  assert.deepEqual(poisoned.toSorted((a, b) => a.from - b.from), [20, 21, 22].map((from) => ({ from, to: from + 1 }))) // prettier-ignore
})

test('a request of thousands of bad rows is given up after some hundred inserts, what is around it is stored', async () => {
  const requests = [request('bad', 5000), request('a', 1), request('bad', 5000), request('b', 500)]
  const { stored, taken, hopeless, poisoned, inserts } = await bisect(requests)
  assert.deepEqual([...stored].sort(), [...request('a', 1), ...request('b', 500)].sort())
  assert.deepEqual([taken, hopeless], [501, false])
  assert.equal(poisoned.reduce((sum, { from, to }) => sum + to - from, 0), 10_000) // prettier-ignore
  assert.ok(inserts < 500, `${inserts} inserts`)
})

test('when nothing of many is taken it is not the rows', async () => {
  assert.equal((await bisect([request('bad', 400), request('bad', 400)])).hopeless, true)
  assert.equal((await bisect([['bad'], ['bad2']])).hopeless, true)
  assert.equal((await bisect([['bad']])).hopeless, false)
})

test('what was refused before a crash is not tried again, its parts are', async () => {
  const requests = [request('a', 4), request('b', 4)]
  const { stored, inserts, refused } = await bisect(requests, ['s-t'])
  assert.deepEqual([stored, inserts, refused], [requests.flat(), 2, []])
})
