// The events of log groups page by page, in both directions, and what deleting leaves of them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogEventQuery } from '../store.ts'
import { line, now, put, token, type Subject } from './samples.ts'

export function logEventsConformance(subject: Subject): void {
  /** Three events of one time among five, of two streams of one group. */
  async function fiveEvents(group: string): Promise<void> {
    const event = (body: string, offset: bigint, logStream: string) =>
      line({ logGroup: group, logStream, body, timeNanos: now + offset, receivedNanos: now })
    await put(subject.store, [], {
      logs: [
        event('zero', 0n, 'a/1'),
        event('one', 10n, 'a/2'),
        event('two: "訂單"', 10n, 'a/1'),
        event("three: it's \\ 100 %", 10n, 'b/1'),
        event('four', 20n, 'a/1'),
      ],
    })
  }

  const bodies = async (query: Omit<LogEventQuery, 'endNanos'> & { endNanos?: bigint }): Promise<string[]> =>
    (await subject.store.readLogEvents({ endNanos: now + 100n, ...query })).map(({ message }) => message.split(':')[0]!)

  test('events are read in pages that join without a gap, whichever way, though several have one time', async () => {
    const group = token()
    await fiveEvents(group)
    const groups = [{ name: group, startNanos: now }]
    for (const order of ['oldest', 'newest'] as const) {
      const all: string[] = []
      let place: Pick<LogEventQuery, 'after' | 'before'> = {}
      for (;;) {
        const page = await subject.store.readLogEvents({ groups, endNanos: now + 100n, order, limit: 2, ...place })
        if (page.length === 0) break
        all.push(...page.map(({ message }) => message.split(':')[0]!))
        const last = page.at(-1)!
        place = order === 'oldest' ? { after: last } : { before: last }
      }
      const inOrder = ['zero', 'one', 'two', 'three', 'four']
      assert.deepEqual(all, order === 'oldest' ? inOrder : inOrder.toReversed())
    }
  })

  test('events are of the groups, streams, times and texts that were asked for', async () => {
    const [group, other] = [token(), token()]
    await fiveEvents(group)
    await put(subject.store, [], { logs: [line({ logGroup: other, body: 'other', timeNanos: now + 15n })] })
    const groups = [{ name: group, startNanos: now }]
    const rest = { order: 'oldest', limit: 10 } as const
    assert.deepEqual(await bodies({ groups, logStreams: ['a/2', 'b/1'], ...rest }), ['one', 'three'])
    assert.deepEqual(await bodies({ groups, logStreamPrefix: 'b/', ...rest }), ['three'])
    assert.deepEqual(await bodies({ groups, containing: ['訂單', 'two'], ...rest }), ['two'])
    assert.deepEqual(await bodies({ groups, containing: ["it's \\", '%'], ...rest }), ['three'])
    assert.deepEqual(await bodies({ groups, containing: ['_'], ...rest }), [], 'no sign stands for another')
    assert.deepEqual(await bodies({ groups, endNanos: now + 10n, ...rest }), ['zero'])
    const both = [...groups.map(({ name }) => ({ name, startNanos: now + 20n })), { name: other, startNanos: now }]
    assert.deepEqual(await bodies({ groups: both, ...rest }), ['other', 'four'])
    assert.deepEqual(await bodies({ groups: [], ...rest }), [])
  })

  test('deleted events are gone at once, and no others', async () => {
    const [group, other] = [`${token()}'`, token()]
    await fiveEvents(group)
    await fiveEvents(other)
    const left = (name: string) => bodies({ groups: [{ name, startNanos: 0n }], order: 'oldest', limit: 10 })
    await subject.store.deleteLogs({ logGroup: group, logStream: 'a/1', endNanos: now + 20n })
    assert.deepEqual(await left(group), ['one', 'three', 'four'])
    await subject.store.deleteLogs({ logGroup: group })
    await subject.store.deleteLogs({ logGroup: group })
    assert.deepEqual(await left(group), [])
    assert.equal((await left(other)).length, 5)
  })
}
