// Settings of the account: encryption, indexing rules, where segments go.
import { invalid, notFound } from './xray-error.ts'
import { boundedText, numberMember, objectMember, refuseToken, textMember, type XrayBody } from './xray-request.ts'
import { nowSeconds, type SamplingOptions } from './xray-sampling.ts'
import type { XraySettings } from './xray-state.ts'

export interface AccountOptions extends Pick<SamplingOptions, 'now'> {
  readonly settings: XraySettings
}

export function getEncryptionConfig(_: XrayBody, { settings }: AccountOptions): object {
  const { encryptionKeyId } = settings.current
  const type = encryptionKeyId === '' ? { Type: 'NONE' } : { Type: 'KMS', KeyId: encryptionKeyId }
  return { EncryptionConfig: { ...type, Status: 'ACTIVE' } }
}

/** The key's name is kept and answered: data lie in the store as they are, whatever it is. */
export function putEncryptionConfig(body: XrayBody, options: AccountOptions): object {
  const type = textMember(body, 'Type')
  const keyId = boundedText(body, 'KeyId', 3000)
  if (type !== 'NONE' && type !== 'KMS') throw invalid('Type must be NONE or KMS.')
  if (type === 'KMS' && !keyId) throw invalid('KeyId is missing: Type KMS needs one.')
  if (type === 'NONE' && keyId !== undefined) throw invalid('KeyId goes with Type KMS alone.')
  options.settings.change({ encryptionKeyId: keyId ?? '' })
  return getEncryptionConfig(body, options)
}

const RULE_NAME = 'Default'

export function getIndexingRules(body: XrayBody, options: AccountOptions): object {
  refuseToken(body)
  return { IndexingRules: [indexingRule(options)] }
}

/** The percentage is kept and answered: every trace is indexed, as ActualSamplingPercentage says. */
export function updateIndexingRule(body: XrayBody, options: AccountOptions): object {
  const name = textMember(body, 'Name')
  if (name === undefined) throw invalid('Name is missing.')
  if (name !== RULE_NAME) throw notFound(`There is no indexing rule ${JSON.stringify(name)}, only ${RULE_NAME}.`)
  const rule = objectMember(body, 'Rule')
  const probabilistic = rule && objectMember(rule, 'Probabilistic')
  const desiredPercentage = probabilistic && numberMember(probabilistic, 'DesiredSamplingPercentage')
  if (desiredPercentage === undefined) throw invalid('Rule.Probabilistic.DesiredSamplingPercentage is missing.')
  if (desiredPercentage < 0 || desiredPercentage > 100) {
    throw invalid('DesiredSamplingPercentage must be from 0 to 100.')
  }
  const modifiedSeconds = Math.floor(nowSeconds(options))
  options.settings.change({ indexing: { desiredPercentage, modifiedSeconds } })
  return { IndexingRule: indexingRule(options) }
}

function indexingRule({ settings }: AccountOptions): object {
  const { desiredPercentage, modifiedSeconds } = settings.current.indexing ?? {
    desiredPercentage: 100,
    modifiedSeconds: 0,
  }
  return {
    Name: RULE_NAME,
    ModifiedAt: modifiedSeconds,
    Rule: {
      Probabilistic: { DesiredSamplingPercentage: desiredPercentage, ActualSamplingPercentage: 100 },
    },
  }
}

export function getTraceSegmentDestination(): object {
  return { Destination: 'XRay', Status: 'ACTIVE' }
}

export function updateTraceSegmentDestination(body: XrayBody): object {
  const destination = textMember(body, 'Destination')
  if (destination === 'CloudWatchLogs') {
    throw invalid('Destination CloudWatchLogs is not supported: fnscope copies no segments to log groups.')
  }
  if (destination !== 'XRay') throw invalid('Destination must be XRay.')
  if (body['CloudWatchLogsConfiguration'] != null) {
    throw invalid('CloudWatchLogsConfiguration goes with Destination CloudWatchLogs alone, which is not supported.')
  }
  return getTraceSegmentDestination()
}
