// Tags of groups and sampling rules: TagResource, UntagResource, ListTagsForResource, and what CreateGroup and
// CreateSamplingRule are given.
import type { SamplingRules } from '../sampling/targets.ts'
import { invalid, notFound, XrayError } from './xray-error.ts'
import { boundedText, isObject, listMember, nameMember, refuseToken, type XrayBody } from './xray-request.ts'
import { groupsOf, type GroupsOptions } from './xray-group-list.ts'
import type { XraySettings, XrayState } from './xray-state.ts'

export interface TagsOptions extends GroupsOptions {
  readonly rules: Pick<SamplingRules, 'list'>
}

type Tags = XrayState['tags'][string]

const MAX_TAGS = 50

export function tagResource(body: XrayBody, options: TagsOptions): object {
  const arn = resourceMember(body, options)
  const given = listMember(body, 'Tags') && tagsMember(body)
  putTags(options.settings, arn, given)
  return {}
}

export function untagResource(body: XrayBody, options: TagsOptions): object {
  const arn = resourceMember(body, options)
  const keys = new Set(listMember(body, 'TagKeys'))
  for (const key of keys) if (typeof key !== 'string') throw invalid('TagKeys must be a list of texts.')
  const { settings } = options
  const left = (settings.current.tags[arn] ?? []).filter(([key]) => !keys.has(key))
  settings.change({ tags: { ...settings.current.tags, [arn]: left } })
  return {}
}

export function listTagsForResource(body: XrayBody, options: TagsOptions): object {
  const arn = resourceMember(body, options)
  refuseToken(body)
  return { Tags: (options.settings.current.tags[arn] ?? []).map(([Key, Value]) => ({ Key, Value })) }
}

/** `Tags` of a request, none when it has none. */
export function tagsMember(body: XrayBody): Tags {
  if (body['Tags'] == null) return []
  const tags = listMember(body, 'Tags').map((tag, i): readonly [string, string] => {
    if (!isObject(tag)) throw invalid(`Tags[${i}] must be an object.`)
    const key = nameMember(tag, 'Key', 128)
    const value = boundedText(tag, 'Value', 256)
    if (value === undefined) throw invalid(`Tags[${i}].Value is missing.`)
    if (key.toLowerCase().startsWith('aws:'))
      throw invalid(`Tags[${i}].Key: keys beginning with aws: are the cloud's own.`)
    return [key, value]
  })
  if (new Set(tags.map(([key]) => key)).size < tags.length) throw invalid('Tags: a key may stand in it once.')
  if (tags.length > MAX_TAGS) throw tooMany()
  return tags
}

/** Those of a resource that was just made. */
export function putNewTags(settings: XraySettings, arn: string, tags: Tags): void {
  if (tags.length > 0) putTags(settings, arn, tags)
}

export function forgetTags(settings: XraySettings, arn: string): void {
  const { [arn]: gone, ...tags } = settings.current.tags
  if (gone) settings.change({ tags })
}

function putTags(settings: XraySettings, arn: string, given: Tags): void {
  const all = new Map([...(settings.current.tags[arn] ?? []), ...given])
  if (all.size > MAX_TAGS) throw tooMany()
  settings.change({ tags: { ...settings.current.tags, [arn]: [...all] } })
}

function tooMany(): XrayError {
  return new XrayError('TooManyTagsException', `A resource may have at most ${MAX_TAGS} tags.`)
}

function resourceMember(body: XrayBody, options: TagsOptions): string {
  const arn = nameMember(body, 'ResourceARN', 1011)
  const isKnown =
    groupsOf(options).some((group) => group.arn === arn) ||
    options.rules.list().some(({ rule }) => rule.ruleArn === arn)
  if (!isKnown) throw notFound(`There is no group or sampling rule with the ARN ${arn}.`)
  return arn
}
