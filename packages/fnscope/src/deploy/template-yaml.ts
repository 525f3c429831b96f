// Template text (YAML with CloudFormation's short tags, or JSON) to plain values; short tags become their long form.
// Knows nothing of what the values mean.
import { parseDocument, Pair, Scalar, YAMLMap, type CollectionTag, type ScalarTag, type YAMLSeq } from 'yaml'
import { messageOf } from '../errors.ts'
import { invalid, isMap, type TemplateMap, type TemplateValue } from './template-value.ts'

const FUNCTIONS = [
  'And',
  'Base64',
  'Cidr',
  'Equals',
  'FindInMap',
  'GetAtt',
  'GetAZs',
  'If',
  'ImportValue',
  'Join',
  'Length',
  'Not',
  'Or',
  'Select',
  'Split',
  'Sub',
  'ToJsonString',
  'Transform',
]

function longName(tag: string): string {
  return tag === 'Ref' || tag === 'Condition' ? tag : `Fn::${tag}`
}

/** `!GetAtt A.B.C` is the list [A, B.C]: the logical id ends at the first dot. */
function scalarArgument(tag: string, text: string): TemplateValue {
  if (tag !== 'GetAtt') return text
  const at = text.indexOf('.')
  return at < 0 ? text : [text.slice(0, at), text.slice(at + 1)]
}

function call(tag: string, argument: YAMLMap | YAMLSeq): YAMLMap {
  const map = new YAMLMap()
  map.items.push(new Pair(new Scalar(longName(tag)), argument))
  return map
}

const TAGS = ['Ref', 'Condition', ...FUNCTIONS].flatMap((tag): (ScalarTag | CollectionTag)[] => [
  { tag: `!${tag}`, resolve: (text: string) => ({ [longName(tag)]: scalarArgument(tag, text) }) },
  { tag: `!${tag}`, collection: 'seq', resolve: (seq) => call(tag, seq) },
  { tag: `!${tag}`, collection: 'map', resolve: (map) => call(tag, map) },
])

// An account id such as 012345678901 is text to CloudFormation; YAML 1.2 would take it for a number and lose the zero.
const LEADING_ZERO: ScalarTag = {
  tag: 'tag:yaml.org,2002:str',
  default: true,
  test: /^0[0-9]+$/,
  resolve: (text: string) => text,
}

/** The template as a map. @throws FnscopeError FNS_TEMPLATE_INVALID with file:line:column */
export function parseTemplate(text: string, file: string): TemplateMap {
  const value = text.trimStart().startsWith('{') ? (parseJson(text) ?? parseYaml(text, file)) : parseYaml(text, file)
  if (!isMap(value)) throw invalid(`${file}:1:1: a template is a map with Resources; this file holds something else.`)
  return value
}

/** What a file that a template includes holds: a map, a list or text. @throws FnscopeError FNS_TEMPLATE_INVALID */
export function parseSnippet(text: string, file: string): TemplateValue {
  return parseJson(text) ?? parseYaml(text, file)
}

// Undefined when it is no JSON: YAML's reader then says where it goes wrong.
function parseJson(text: string): TemplateValue | undefined {
  try {
    return JSON.parse(text) as TemplateValue
  } catch {
    return undefined
  }
}

/** Any value; JSON is YAML too. @throws FnscopeError FNS_TEMPLATE_INVALID with file:line:column */
export function parseYaml(text: string, file: string): TemplateValue {
  const document = parseDocument(text, { customTags: (tags) => [LEADING_ZERO, ...TAGS, ...tags], merge: true })
  const problem = document.errors[0] ?? document.warnings[0]
  if (problem !== undefined) {
    const position = problem.linePos?.[0]
    const reason = problem.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '')
    throw invalid(`${file}:${position?.line ?? 1}:${position?.col ?? 1}: ${reason}`, problem)
  }
  try {
    return document.toJS() as TemplateValue
  } catch (error) {
    // Aliases of aliases that would grow beyond all bounds, or that nothing is behind.
    throw invalid(`${file}:1:1: ${messageOf(error)}`, error)
  }
}
