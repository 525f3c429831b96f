// GetSamplingRules, GetSamplingTargets, GetSamplingStatisticSummaries: what SDKs poll through the daemon's TCP port.
import type { SamplingReport, SamplingRuleRecord, SamplingRules } from '../sampling/targets.ts'
import { isObject, listMember, numberMember, textMember, type XrayBody } from './xray-request.ts'
import { invalid } from './xray-error.ts'

export interface SamplingOptions {
  readonly rules: SamplingRules
  /** Epoch nanoseconds. */
  readonly now: () => bigint
}

const MAX_REPORTS = 25

export function getSamplingRules(body: XrayBody, options: SamplingOptions): object {
  refuseToken(body)
  return { SamplingRuleRecords: options.rules.list().map(recordShape) }
}

// SDKs take a rule only with Version 1 and an (empty) Attributes object.
function recordShape({ rule, createdSeconds, modifiedSeconds }: SamplingRuleRecord): object {
  return {
    SamplingRule: {
      RuleName: rule.ruleName,
      RuleARN: rule.ruleArn,
      ResourceARN: rule.resourceArn,
      Priority: rule.priority,
      FixedRate: rule.fixedRate,
      ReservoirSize: rule.reservoirSize,
      ServiceName: rule.serviceName,
      ServiceType: rule.serviceType,
      Host: rule.host,
      HTTPMethod: rule.httpMethod,
      URLPath: rule.urlPath,
      Version: 1,
      Attributes: rule.attributes,
    },
    CreatedAt: createdSeconds,
    ModifiedAt: modifiedSeconds,
  }
}

export function getSamplingTargets(body: XrayBody, options: SamplingOptions): object {
  const documents = listMember(body, 'SamplingStatisticsDocuments')
  if (documents.length > MAX_REPORTS) {
    throw invalid(`SamplingStatisticsDocuments may have at most ${MAX_REPORTS} members.`)
  }
  const answer = options.rules.report(documents.map(reportOf), Number(options.now()) / 1e9)
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
  }
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

function refuseToken(body: XrayBody): void {
  if (textMember(body, 'NextToken') !== undefined) throw invalid('NextToken is not valid: there is one page.')
}
