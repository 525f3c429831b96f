// GetSamplingTargets and GetSamplingStatisticSummaries: what SDKs report of the rules, and the shares they get.
// The rules themselves are xray-sampling-rules.ts.
import type { SamplingReport, SamplingRules } from '../sampling/targets.ts'
import { isObject, listMember, numberMember, refuseToken, textMember, type XrayBody } from './xray-request.ts'
import { invalid } from './xray-error.ts'

export interface SamplingOptions {
  readonly rules: SamplingRules
  /** Epoch nanoseconds. */
  readonly now: () => bigint
}

/** As the targets' own times are counted. */
export function nowSeconds(options: Pick<SamplingOptions, 'now'>): number {
  return Number(options.now()) / 1e9
}

const MAX_REPORTS = 25

export function getSamplingTargets(body: XrayBody, options: SamplingOptions): object {
  const documents = listMember(body, 'SamplingStatisticsDocuments')
  if (documents.length > MAX_REPORTS) {
    throw invalid(`SamplingStatisticsDocuments may have at most ${MAX_REPORTS} members.`)
  }
  const answer = options.rules.report(documents.map(reportOf), nowSeconds(options))
  return {
    SamplingTargetDocuments: answer.targets.map((target) => ({
      RuleName: target.ruleName,
      FixedRate: target.fixedRate,
      ReservoirQuota: target.reservoirQuota,
      ReservoirQuotaTTL: target.reservoirQuotaTtlSeconds,
      Interval: target.intervalSeconds,
    })),
    LastRuleModification: answer.lastModifiedSeconds,
    UnprocessedStatistics: answer.unprocessed.map(({ ruleName, reason }) => ({
      RuleName: ruleName,
      ErrorCode: '400',
      Message: reason,
    })),
    UnprocessedBoostStatistics: boostReports(body).map((RuleName) => ({
      RuleName,
      ErrorCode: '400',
      Message: 'fnscope raises no sampling rate at anomalies',
    })),
  }
}

/** The rules that clients report anomalies of. */
function boostReports(body: XrayBody): string[] {
  if (body['SamplingBoostStatisticsDocuments'] == null) return []
  return listMember(body, 'SamplingBoostStatisticsDocuments').map((document, i) => {
    const ruleName = isObject(document) ? textMember(document, 'RuleName') : undefined
    if (ruleName === undefined) throw invalid(`SamplingBoostStatisticsDocuments[${i}].RuleName is missing.`)
    return ruleName
  })
}

function reportOf(document: unknown, i: number): SamplingReport {
  const at = `SamplingStatisticsDocuments[${i}]`
  if (!isObject(document)) throw invalid(`${at} must be an object.`)
  const ruleName = textMember(document, 'RuleName')
  const clientId = textMember(document, 'ClientID')
  const timestampSeconds = numberMember(document, 'Timestamp')
  if (ruleName === undefined) throw invalid(`${at}.RuleName is missing.`)
  if (clientId === undefined) throw invalid(`${at}.ClientID is missing.`)
  if (clientId.length > 64) throw invalid(`${at}.ClientID must be 24 hexadecimal digits.`)
  if (timestampSeconds === undefined) throw invalid(`${at}.Timestamp is missing.`)
  return {
    ruleName,
    clientId,
    timestampSeconds,
    requestCount: countMember(document, 'RequestCount', at),
    sampledCount: countMember(document, 'SampledCount', at),
    borrowCount: countMember(document, 'BorrowCount', at),
  }
}

function countMember(document: XrayBody, name: string, at: string): number {
  const count = numberMember(document, name) ?? 0
  if (!Number.isSafeInteger(count) || count < 0) throw invalid(`${at}.${name} must be a whole number from 0.`)
  return count
}

export function getSamplingStatisticSummaries(body: XrayBody, options: SamplingOptions): object {
  refuseToken(body)
  return {
    SamplingStatisticSummaries: options.rules.statistics().map((one) => ({
      RuleName: one.ruleName,
      Timestamp: one.timestampSeconds,
      RequestCount: one.requestCount,
      BorrowCount: one.borrowCount,
      SampledCount: one.sampledCount,
    })),
  }
}
