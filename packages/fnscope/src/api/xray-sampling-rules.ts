// GetSamplingRules, CreateSamplingRule, UpdateSamplingRule, DeleteSamplingRule. Limits are those of X-Ray's model.
import { DEFAULT_RULE_NAME, type SamplingRule } from '../sampling/rule.ts'
import type { SamplingRuleRecord } from '../sampling/targets.ts'
import { invalid, XrayError } from './xray-error.ts'
import {
  nameMember,
  boundedText,
  numberMember,
  objectMember,
  refuseToken,
  textMember,
  type XrayBody,
} from './xray-request.ts'
import { nowSeconds, type SamplingOptions } from './xray-sampling.ts'
import { forgetTags, putNewTags, tagsMember } from './xray-tags.ts'
import type { XraySettings } from './xray-state.ts'

export interface SamplingRulesApiOptions extends SamplingOptions {
  readonly settings: XraySettings
  readonly region: string
  readonly accountId: string
}

/** Beside the default one: the cloud's quota. */
const MAX_RULES = 25

/** One page: SDKs ask for no second one. */
export function getSamplingRules(body: XrayBody, options: SamplingOptions): object {
  refuseToken(body)
  return { SamplingRuleRecords: options.rules.list().map(recordShape) }
}

export function createSamplingRule(body: XrayBody, options: SamplingRulesApiOptions): object {
  const given = objectMember(body, 'SamplingRule')
  if (given === undefined) throw invalid('SamplingRule is missing.')
  const tags = tagsMember(body)
  const ruleName = nameMember(given, 'RuleName', 32)
  refuseBoost(given)
  if (textMember(given, 'RuleARN') !== undefined) throw invalid('RuleARN is given by the service: leave it out.')
  if (options.rules.find(ruleName)) throw invalid(`There is a sampling rule named ${ruleName} already.`)
  if (numberMember(given, 'Version') !== 1) throw invalid('Version must be 1.')
  const { region, accountId, rules } = options
  const ruleArn = `arn:aws:xray:${region}:${accountId}:sampling-rule/${ruleName}`
  const empty: Partial<SamplingRule> = { ruleName, ruleArn, attributes: {} }
  const rule = ruleWith(empty, given)
  if (rules.list().length > MAX_RULES) {
    const message = `There may be ${MAX_RULES} sampling rules beside the default one: delete one first.`
    throw new XrayError('RuleLimitExceededException', message)
  }
  const record = rules.put(rule, nowSeconds(options))
  putNewTags(options.settings, ruleArn, tags)
  return { SamplingRuleRecord: recordShape(record) }
}

export function updateSamplingRule(body: XrayBody, options: SamplingRulesApiOptions): object {
  const given = objectMember(body, 'SamplingRuleUpdate')
  if (given === undefined) throw invalid('SamplingRuleUpdate is missing.')
  const { rule } = ruleMember(given, options)
  refuseBoost(given)
  if (rule.ruleName === DEFAULT_RULE_NAME) refuseDefaultChange(given)
  return { SamplingRuleRecord: recordShape(options.rules.put(ruleWith(rule, given), nowSeconds(options))) }
}

export function deleteSamplingRule(body: XrayBody, options: SamplingRulesApiOptions): object {
  const { rule } = ruleMember(body, options)
  if (rule.ruleName === DEFAULT_RULE_NAME) throw invalid('The default sampling rule cannot be deleted.')
  const record = options.rules.remove(rule.ruleName, nowSeconds(options))!
  forgetTags(options.settings, rule.ruleArn)
  return { SamplingRuleRecord: recordShape(record) }
}

/** The rule that RuleName or RuleARN says; one of them, not both. */
function ruleMember(body: XrayBody, { rules }: SamplingOptions): SamplingRuleRecord {
  const name = textMember(body, 'RuleName')
  const arn = textMember(body, 'RuleARN')
  if (name === undefined && arn === undefined) throw invalid('RuleName or RuleARN is missing.')
  if (name !== undefined && arn !== undefined) throw invalid('Name the rule by RuleName or by RuleARN, not both.')
  const record = rules.list().find(({ rule }) => rule.ruleName === name || rule.ruleArn === arn)
  if (record === undefined) throw invalid(`There is no sampling rule ${JSON.stringify(name ?? arn)}.`)
  return record
}

/** The cloud's services raise a rule's rate at anomalies; a rule that asks for it would be obeyed in part alone. */
function refuseBoost(given: XrayBody): void {
  if (given['SamplingRateBoost'] != null) {
    throw invalid('SamplingRateBoost is not supported: fnscope raises no sampling rate at anomalies.')
  }
}

const CHANGEABLE_OF_DEFAULT = new Set(['RuleName', 'RuleARN', 'FixedRate', 'ReservoirSize'])

function refuseDefaultChange(given: XrayBody): void {
  for (const [name, value] of Object.entries(given)) {
    if (value != null && !CHANGEABLE_OF_DEFAULT.has(name)) {
      throw invalid(`${name} of the default sampling rule cannot be changed: only FixedRate and ReservoirSize.`)
    }
  }
}

/** `known` with what is given over it; all must be there in the end. */
function ruleWith(known: Partial<SamplingRule>, given: XrayBody): SamplingRule {
  const text = (name: string, longest: number, before: string | undefined): string => {
    const value = boundedText(given, name, longest) ?? before
    if (value === undefined) throw invalid(`${name} is missing.`)
    return value
  }
  const number = (name: string, [least, most]: readonly [number, number], before: number | undefined): number => {
    const value = numberMember(given, name) ?? before
    if (value === undefined) throw invalid(`${name} is missing.`)
    // What was there before stands: the default rule's priority is out of the others' range.
    if (value !== before && (value < least || value > most)) throw invalid(`${name} must be from ${least} to ${most}.`)
    return value
  }
  const whole = (name: string, range: readonly [number, number], before: number | undefined): number => {
    const value = number(name, range, before)
    if (!Number.isInteger(value)) throw invalid(`${name} must be a whole number.`)
    return value
  }
  return {
    ruleName: known.ruleName!,
    ruleArn: known.ruleArn!,
    resourceArn: text('ResourceARN', 500, known.resourceArn),
    priority: whole('Priority', [1, 9999], known.priority),
    fixedRate: number('FixedRate', [0, 1], known.fixedRate),
    reservoirSize: whole('ReservoirSize', [0, 2 ** 31 - 1], known.reservoirSize),
    serviceName: text('ServiceName', 64, known.serviceName),
    serviceType: text('ServiceType', 64, known.serviceType),
    host: text('Host', 64, known.host),
    httpMethod: text('HTTPMethod', 10, known.httpMethod),
    urlPath: text('URLPath', 128, known.urlPath),
    attributes: attributesMember(given) ?? known.attributes!,
  }
}

function attributesMember(given: XrayBody): SamplingRule['attributes'] | undefined {
  const attributes = objectMember(given, 'Attributes')
  if (attributes === undefined) return undefined
  const entries = Object.entries(attributes)
  if (entries.length > 5) throw invalid('Attributes may have at most 5 members.')
  for (const [key, value] of entries) {
    const fits = typeof value === 'string' && value.length >= 1 && value.length <= 32
    if (!fits || key.length < 1 || key.length > 32) {
      throw invalid(`Attributes: keys and values must be texts of 1 to 32 characters, unlike those of ${key}.`)
    }
  }
  return Object.fromEntries(entries as [string, string][])
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
