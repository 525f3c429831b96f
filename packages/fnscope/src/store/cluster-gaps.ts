// Answers of a cluster while a shard is away. A question is asked so that a missing shard fails it; only then is it asked
// again without, and the answer known to lack something. The healthy case costs nothing, and no gap goes unseen.
import { lacksShard } from './clickhouse-error.ts'
import type { Settings } from './clickhouse-server.ts'
import { WITHOUT_MISSING_SHARDS } from './cluster-settings.ts'

/** For so long a shard that was away is not waited for again. */
const REMEMBERED_MS = 1000

/** The nodes of the cluster by shard, and which shards answer now. */
const HOSTS = `SELECT shard_num AS shard, groupArray(concat(host_name, ':', toString(port))) AS hosts
  FROM system.clusters WHERE cluster = {cluster:String} GROUP BY shard_num ORDER BY shard_num`
const PRESENT = 'SELECT shardNum() AS shard FROM cluster({cluster:String}, system.one)'

type Ask = <Row>(query: string, settings: Settings) => Promise<Row[]>

interface ShardHosts {
  readonly shard: number
  readonly hosts: readonly string[]
}

export class ClusterGaps {
  readonly #ask: Ask
  /** Gap → when an answer last had it, on the clock of performance.now(). */
  readonly #seen = new Map<string, number>()
  #known: { readonly gaps: readonly string[]; readonly untilMs: number } | undefined

  /** `ask` puts its own cluster's name as the parameter `cluster`. */
  constructor(ask: Ask) {
    this.#ask = ask
  }

  /** See Store.watchGaps. */
  watch(): () => readonly string[] {
    const since = performance.now()
    return () => [...this.#seen].filter(([, lastMs]) => lastMs >= since).map(([gap]) => gap)
  }

  /** The answer of every shard, or of those that are there. `ask` gets the settings that say which. */
  async read<Answer>(ask: (settings: Settings) => Promise<Answer>): Promise<Answer> {
    const known = this.#known
    if (known !== undefined && performance.now() < known.untilMs) return await this.#without(known.gaps, ask)
    try {
      return await ask({})
    } catch (error) {
      if (!lacksShard(error)) throw error
    }
    const gaps = await this.#find()
    if (gaps.length > 0) {
      this.#known = { gaps, untilMs: performance.now() + REMEMBERED_MS }
      return await this.#without(gaps, ask)
    }
    // It fell away under the question, and is back; or it comes and goes.
    try {
      return await ask({})
    } catch (error) {
      if (!lacksShard(error)) throw error
      return await this.#without(['a shard that comes and goes'], ask)
    }
  }

  async #without<Answer>(gaps: readonly string[], ask: (settings: Settings) => Promise<Answer>): Promise<Answer> {
    const answer = await ask(WITHOUT_MISSING_SHARDS)
    for (const gap of gaps) this.#seen.set(gap, performance.now())
    return answer
  }

  async #find(): Promise<readonly string[]> {
    const [shards, present] = await Promise.all([
      this.#ask<ShardHosts>(HOSTS, {}),
      this.#ask<{ readonly shard: number }>(PRESENT, WITHOUT_MISSING_SHARDS),
    ])
    const there = new Set(present.map(({ shard }) => Number(shard)))
    return shards
      .filter(({ shard }) => !there.has(Number(shard)))
      .map(({ shard, hosts }) => `shard ${shard} of ${shards.length} (${hosts.join(', ')})`)
  }
}
