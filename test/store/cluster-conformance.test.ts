// The conformance suite on a cluster of two shards: the same questions, the same SQL.
import { after, before, suite } from 'node:test'
import { silentLogger } from '../../packages/fnscope/src/log.ts'
import { storeConformance } from '../../packages/fnscope/src/store/conformance.ts'
import { openStore } from '../../packages/fnscope/src/store/connect.ts'
import { startRig, type Rig } from './clickhouse-rig.ts'

const retention = { spansDays: 7, logsDays: 7, metricsDays: 7 }

suite('cluster', () => {
  let rig: Rig
  before(async () => {
    rig = await startRig()
  })
  after(() => rig[Symbol.asyncDispose]())
  storeConformance('two shards', async () => {
    const store = await openStore({ url: rig.urls, cluster: rig.cluster, retention, log: silentLogger })
    return { store, close: () => store.close() }
  })
})
