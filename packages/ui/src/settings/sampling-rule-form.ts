// A sampling rule as a form's texts, and back. What a value may be is X-Ray's to say: the server answers in its words.
import type { SamplingRule } from '../aws-api.ts'

export type RuleForm = { readonly [Name in keyof SamplingRule]: string }

export const NEW_RULE: SamplingRule = {
  RuleName: '',
  Priority: 1000,
  FixedRate: 0.05,
  ReservoirSize: 1,
  ServiceName: '*',
  ServiceType: '*',
  Host: '*',
  HTTPMethod: '*',
  URLPath: '*',
  ResourceARN: '*',
}

export function formOfRule(rule: SamplingRule): RuleForm {
  const { Priority, FixedRate, ReservoirSize, ...texts } = rule
  const percent = Number((FixedRate * 100).toPrecision(12))
  return { ...texts, Priority: String(Priority), FixedRate: String(percent), ReservoirSize: String(ReservoirSize) }
}

export function ruleOfForm(form: RuleForm): SamplingRule {
  const { Priority, FixedRate, ReservoirSize, ...texts } = form
  return {
    RuleName: texts.RuleName,
    ServiceName: texts.ServiceName,
    ServiceType: texts.ServiceType,
    Host: texts.Host,
    HTTPMethod: texts.HTTPMethod,
    URLPath: texts.URLPath,
    ResourceARN: texts.ResourceARN,
    Priority: Number(Priority),
    FixedRate: Number((Number(FixedRate) / 100).toPrecision(12)),
    ReservoirSize: Number(ReservoirSize),
  }
}
