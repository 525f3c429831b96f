// What answers a route, from an integration of API Gateway as CloudFormation or OpenAPI spells it.
import type { RouteTarget } from '../functions/trigger-spec.ts'
import { functionNameIn } from './trigger-context.ts'
import { isList, isMap, spell, type TemplateMap, type TemplateValue } from './template-value.ts'

/** One with keys of either spelling: `IntegrationUri`, `Uri` or `uri`. All resolved. */
export function targetOf(integration: TemplateMap): RouteTarget {
  const read = (...names: readonly string[]): TemplateValue | undefined =>
    names
      .flatMap((name) => [name, name[0]!.toLowerCase() + name.slice(1)])
      .map((name) => integration[name])
      .find((value) => value !== undefined)
  const type = spell(read('Type', 'IntegrationType')).toUpperCase()
  const uri = spell(read('Uri', 'IntegrationUri'))
  const method = spell(read('IntegrationHttpMethod', 'IntegrationMethod', 'HttpMethod')).toUpperCase() || 'ANY'
  const functionName = functionNameIn(uri)
  if (type === 'AWS_PROXY' && functionName !== undefined) return { kind: 'function', functionName }
  if (type === 'HTTP_PROXY' && /^https?:\/\//.test(uri)) return { kind: 'http', method, url: uri }
  if (type === 'MOCK') return mockOf(integration)
  return {
    kind: 'refused',
    reason: `the integration ${type || 'without a type'} of ${uri || 'no URI'} is not emulated`,
  }
}

function mockOf(integration: TemplateMap): RouteTarget {
  const responses = responsesOf(integration['IntegrationResponses'] ?? integration['responses'])
  const wanted = statusIn(integration['RequestTemplates'] ?? integration['requestTemplates'])
  const response = responses.find(({ status }) => status === wanted) ?? responses[0]
  if (response === undefined) return { kind: 'mock', status: wanted ?? 200, headers: {}, body: '' }
  if (/\$(input|context|util|stageVariables)|#(set|if|foreach)\b/.test(response.body))
    return { kind: 'refused', reason: 'the response template of a MOCK integration computes something' }
  return { kind: 'mock', ...response }
}

interface MockResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

// CloudFormation has a list, OpenAPI a map by pattern.
function responsesOf(value: TemplateValue | undefined): MockResponse[] {
  const list = isList(value) ? value : isMap(value) ? Object.values(value) : []
  return list.filter(isMap).map((response) => {
    const parameters = response['ResponseParameters'] ?? response['responseParameters']
    const templates = response['ResponseTemplates'] ?? response['responseTemplates']
    return {
      status: Number(response['StatusCode'] ?? response['statusCode'] ?? 200),
      headers: Object.fromEntries(
        Object.entries(isMap(parameters) ? parameters : {}).flatMap(([name, text]) => {
          const header = /^method\.response\.header\.(.+)$/.exec(name)?.[1]
          return header === undefined ? [] : [[header, unquote(spell(text))]]
        }),
      ),
      body: isMap(templates) ? spell(Object.values(templates)[0]) : '',
    }
  })
}

function statusIn(templates: TemplateValue | undefined): number | undefined {
  const text = isMap(templates) ? spell(Object.values(templates)[0]) : ''
  const status = /statusCode["']?\s*:\s*(\d{3})/.exec(text)?.[1]
  return status === undefined ? undefined : Number(status)
}

/** API Gateway spells a fixed value `'*'`, quotes inside. */
export function unquote(text: string): string {
  return text.replace(/^'(.*)'$/, '$1')
}
