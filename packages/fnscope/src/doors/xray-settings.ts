// What X-Ray's API keeps beside traces: what was set through it in earlier runs, and the sampling rules that stand without.
import { join } from 'node:path'
import { TraceRetrievals } from '../api/xray-retrieval.ts'
import { XraySettings } from '../api/xray-state.ts'
import type { Config } from '../config.ts'
import type { Logger } from '../log.ts'
import { defaultRule } from '../sampling/rule.ts'
import { SamplingRules } from '../sampling/targets.ts'

export interface OpenedXraySettings {
  readonly settings: XraySettings
  readonly rules: SamplingRules
  readonly retrievals: TraceRetrievals
  readonly region: string
  readonly accountId: string
}

/** With --sampling all SDKs that ask for rules are told to record everything, like the functions that fnscope runs. */
export function openXraySettings(
  { region, accountId, sampling }: Pick<Config, 'region' | 'accountId' | 'sampling'>,
  dataDir: string,
  log: Logger,
): OpenedXraySettings {
  const settings = new XraySettings({ file: join(dataDir, 'xray.json'), log })
  const arn = `arn:aws:xray:${region}:${accountId}:sampling-rule/Default`
  const rules = new SamplingRules({
    nowSeconds: Date.now() / 1000,
    rules: [defaultRule({ arn, ...(sampling === 'all' ? { fixedRate: 1 } : {}) })],
    records: settings.current.samplingRules,
    onChange: (samplingRules) => settings.change({ samplingRules }),
  })
  return { settings, rules, retrievals: new TraceRetrievals(), region, accountId }
}
