// SSM's Parameter Store (JSON 1.1): what deploys ask (`/cdk-bootstrap/…/version`) and what functions read at run time.
import type { JsonObject } from '../codec/json.ts'
import type { Parameter, Parameters, ParameterType, ParameterVersion } from '../control/parameters.ts'
import { booleanIn, listIn, numberIn, objectsIn, textIn } from './aws-input.ts'
import type { AwsService } from './aws-service.ts'
import { pageOf } from './page.ts'
import { ServiceError } from './service-error.ts'

export interface SsmOptions {
  readonly parameters: Parameters
  readonly region: string
  readonly accountId: string
  readonly nowMs: () => number
}

const TYPES: readonly ParameterType[] = ['String', 'StringList', 'SecureString']
const NAME = /^\/?[\w.-]+(\/[\w.-]+)*$/
const MOST_NAMES = 10

export function ssmService(options: SsmOptions): AwsService {
  const { parameters, region, accountId, nowMs } = options
  const arnOf = (name: string): string =>
    `arn:aws:ssm:${region}:${accountId}:parameter${name.startsWith('/') ? '' : '/'}${name}`
  const shown = (parameter: Parameter, version: ParameterVersion, decrypted: boolean, selector?: string): object => ({
    Name: parameter.name,
    Type: version.type,
    Value: version.type === 'SecureString' && !decrypted ? sealed(version.value) : version.value,
    Version: version.version,
    ...(selector !== undefined && { Selector: selector }),
    LastModifiedDate: new Date(version.modifiedMs),
    ARN: arnOf(parameter.name),
    DataType: version.dataType,
  })
  const find = (asked: string): { parameter: Parameter; version: ParameterVersion; selector?: string } | undefined => {
    // By name, by ARN, with `:version` behind either.
    const plain = asked.replace(/^arn:[\w-]+:ssm:[\w-]*:\d*:parameter/, '')
    const [, name, number] = /^(.+?)(?::(\d+))?$/.exec(plain) ?? []
    if (name === undefined) return undefined
    const parameter = parameters.find(name) ?? parameters.find(name.replace(/^\//, ''))
    const version = parameter?.versions.findLast((one) => number === undefined || one.version === Number(number))
    if (parameter === undefined || version === undefined) return undefined
    return { parameter, version, ...(number !== undefined && { selector: `:${number}` }) }
  }
  const existing = (input: JsonObject): Parameter => {
    const parameter = parameters.find(textIn(input, 'Name') ?? textIn(input, 'ResourceId') ?? '')
    if (parameter === undefined) throw notFound()
    return parameter
  }
  const metadata = (parameter: Parameter, version: ParameterVersion): object => ({
    Name: parameter.name,
    ARN: arnOf(parameter.name),
    Type: version.type,
    ...(version.keyId !== undefined && { KeyId: version.keyId }),
    LastModifiedDate: new Date(version.modifiedMs),
    LastModifiedUser: `arn:aws:iam::${accountId}:root`,
    ...(version.description !== undefined && { Description: version.description }),
    Version: version.version,
    Tier: version.tier,
    Policies: [],
    DataType: version.dataType,
  })
  return {
    target: 'AmazonSSM',
    namespace: 'com.amazonaws.ssm',
    operations: {
      GetParameter: ({ input }) => {
        const found = find(textIn(input, 'Name') ?? '')
        if (found === undefined) throw notFound()
        const decrypted = booleanIn(input, 'WithDecryption') ?? false
        return { Parameter: shown(found.parameter, found.version, decrypted, found.selector) }
      },
      GetParameters: ({ input }) => {
        const names = namesIn(input)
        const decrypted = booleanIn(input, 'WithDecryption') ?? false
        const found = names.map((name) => ({ name, one: find(name) }))
        return {
          Parameters: found.flatMap(({ one }) =>
            one === undefined ? [] : [shown(one.parameter, one.version, decrypted, one.selector)],
          ),
          InvalidParameters: found.filter(({ one }) => one === undefined).map(({ name }) => name),
        }
      },
      GetParametersByPath: ({ input }) => {
        const path = textIn(input, 'Path') ?? ''
        if (!path.startsWith('/'))
          throw new ServiceError(
            'ValidationException',
            'The parameter doesn\'t meet the parameter name requirements. The parameter name must begin with a forward slash "/".',
          )
        const below = path.endsWith('/') ? path : `${path}/`
        const deep = booleanIn(input, 'Recursive') ?? false
        if (objectsIn(input, 'ParameterFilters') !== undefined) throw filterRefused()
        const decrypted = booleanIn(input, 'WithDecryption') ?? false
        const found = parameters
          .all()
          .filter(({ name }) => name.startsWith(below) && (deep || !name.slice(below.length).includes('/')))
        const { items, next } = pageOf(found, pageRequest(input, 10))
        return { Parameters: items.map((one) => shown(one, one.versions.at(-1)!, decrypted)), NextToken: next }
      },
      GetParameterHistory: ({ input }) => {
        const parameter = existing(input)
        const decrypted = booleanIn(input, 'WithDecryption') ?? false
        const { items, next } = pageOf(parameter.versions, pageRequest(input, 50))
        return {
          Parameters: items.map((version) => ({
            ...metadata(parameter, version),
            Value: version.type === 'SecureString' && !decrypted ? sealed(version.value) : version.value,
            Labels: [],
          })),
          NextToken: next,
        }
      },
      DescribeParameters: ({ input }) => {
        const filters = [...(objectsIn(input, 'ParameterFilters') ?? []), ...(objectsIn(input, 'Filters') ?? [])]
        const found = parameters.all().filter((one) => filters.every((filter) => matches(one, filter)))
        const { items, next } = pageOf(found, pageRequest(input, 50))
        return { Parameters: items.map((one) => metadata(one, one.versions.at(-1)!)), NextToken: next }
      },
      PutParameter: ({ input }) => {
        const name = textIn(input, 'Name') ?? ''
        const before = parameters.find(name)
        const value = textIn(input, 'Value') ?? ''
        const type = (textIn(input, 'Type') ?? before?.versions.at(-1)?.type) as ParameterType | undefined
        checkName(name)
        if (type === undefined)
          throw new ServiceError('ValidationException', 'A parameter type is required when you create a parameter.')
        if (!TYPES.includes(type))
          throw new ServiceError('UnsupportedParameterType', `The parameter type is not supported: ${type}.`)
        if (value === '')
          throw new ServiceError(
            'ValidationException',
            "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1.",
          )
        if (before !== undefined && booleanIn(input, 'Overwrite') !== true)
          throw new ServiceError(
            'ParameterAlreadyExists',
            'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
          )
        const tags = objectsIn(input, 'Tags')
        const [description, keyId] = [textIn(input, 'Description'), textIn(input, 'KeyId')]
        const tier = textIn(input, 'Tier') ?? 'Standard'
        const version = parameters.put(
          name,
          {
            value,
            type,
            modifiedMs: nowMs(),
            tier,
            dataType: textIn(input, 'DataType') ?? 'text',
            ...(description !== undefined && { description }),
            ...(type === 'SecureString' && { keyId: keyId ?? 'alias/aws/ssm' }),
          },
          tags === undefined ? undefined : tagsOf(tags),
        )
        return { Version: version, Tier: tier }
      },
      DeleteParameter: ({ input }) => {
        if (!parameters.remove(textIn(input, 'Name') ?? '')) throw notFound()
        return {}
      },
      DeleteParameters: ({ input }) => {
        const names = namesIn(input)
        const deleted = names.filter((name) => parameters.remove(name))
        return { DeletedParameters: deleted, InvalidParameters: names.filter((name) => !deleted.includes(name)) }
      },
      AddTagsToResource: ({ input }) => {
        const parameter = existing(input)
        parameters.tag(parameter.name, { ...parameter.tags, ...tagsOf(objectsIn(input, 'Tags') ?? []) })
        return {}
      },
      RemoveTagsFromResource: ({ input }) => {
        const parameter = existing(input)
        const gone = new Set(listIn(input, 'TagKeys'))
        parameters.tag(
          parameter.name,
          Object.fromEntries(Object.entries(parameter.tags).filter(([key]) => !gone.has(key))),
        )
        return {}
      },
      ListTagsForResource: ({ input }) => ({
        TagList: Object.entries(existing(input).tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    },
  }
}

function pageRequest(input: JsonObject, most: number): { readonly token: string | undefined; readonly most: number } {
  return { token: textIn(input, 'NextToken'), most: Math.min(numberIn(input, 'MaxResults') ?? most, most) }
}

function checkName(name: string): void {
  if (!NAME.test(name) || name.length > 1011)
    throw new ServiceError(
      'ValidationException',
      "Parameter name: can't be empty; only a mix of letters, numbers and the following 3 symbols .-_ and the hierarchy slash are allowed.",
    )
  if (/^\/?(aws|ssm)/i.test(name))
    throw new ServiceError(
      'ValidationException',
      'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).',
    )
}

function namesIn(input: JsonObject): readonly string[] {
  const names = (listIn(input, 'Names') ?? []).filter((name) => typeof name === 'string')
  if (names.length === 0 || names.length > MOST_NAMES)
    throw new ServiceError(
      'ValidationException',
      `1 validation error detected: Value at 'names' failed to satisfy constraint: Member must have length from 1 to ${MOST_NAMES}.`,
    )
  return names
}

function matches(parameter: Parameter, filter: JsonObject): boolean {
  const key = textIn(filter, 'Key')
  const values = listIn(filter, 'Values') ?? []
  const option = textIn(filter, 'Option') ?? (key === 'Path' ? 'Recursive' : 'Equals')
  const some = (test: (value: string) => boolean): boolean =>
    values.some((value) => typeof value === 'string' && test(value))
  const { name, versions } = parameter
  if (key === 'Type') return some((value) => versions.at(-1)?.type === value)
  if (key === 'Path') return some((value) => name.startsWith(value.endsWith('/') ? value : `${value}/`))
  if (key !== 'Name') throw filterRefused()
  if (option === 'BeginsWith') return some((value) => name.startsWith(value))
  if (option === 'Contains') return some((value) => name.includes(value))
  return some((value) => name === value)
}

function filterRefused(): ServiceError {
  return new ServiceError('InvalidFilterKey', 'fnscope filters parameters by Name, Type and Path alone.')
}

function tagsOf(tags: readonly JsonObject[]): Readonly<Record<string, string>> {
  return Object.fromEntries(tags.map((tag) => [textIn(tag, 'Key') ?? '', textIn(tag, 'Value') ?? '']))
}

function notFound(): ServiceError {
  return new ServiceError('ParameterNotFound', '')
}

/** What a SecureString shows without WithDecryption: nothing that can be read, and nothing that could be decrypted. */
function sealed(value: string): string {
  return Buffer.from(`fnscope:${value.length}`).toString('base64')
}
