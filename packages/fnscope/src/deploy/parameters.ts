// The template's parameters: what the caller or samconfig.toml says, else the default, checked against AllowedValues.
import { invalid, isList, isMap, mapAt, spell, type TemplateMap, type TemplateValue } from './template-value.ts'

const LISTS = /^(CommaDelimitedList|List<.+>)$/
const SSM = /^AWS::SSM::Parameter::Value</

export interface ParameterValues {
  readonly values: ReadonlyMap<string, TemplateValue>
  /** Names whose value lies in the SSM parameter store: the value here is the path. */
  readonly fromSsm: ReadonlySet<string>
}

/** @throws FnscopeError FNS_TEMPLATE_INVALID naming the parameter that has no value or one not allowed */
export function readParameters(
  template: TemplateMap,
  overrides: Readonly<Record<string, string>>,
  file: string,
): ParameterValues {
  const values = new Map<string, TemplateValue>()
  const fromSsm = new Set<string>()
  for (const [name, declared] of Object.entries(mapAt(template['Parameters'], 'Parameters'))) {
    const place = `Parameters.${name}`
    if (!isMap(declared)) throw invalid(`${file}: ${place} must be a map with a Type.`)
    const given = overrides[name] ?? declared['Default']
    if (given === undefined || given === null) {
      throw invalid(
        `${file}: ${place} has no Default and no value was given. ` +
          `Give it one: --parameter ${name}=VALUE, or parameter_overrides = "${name}=VALUE" in samconfig.toml.`,
      )
    }
    checkAllowed(name, given, declared, file)
    const type = typeof declared['Type'] === 'string' ? declared['Type'] : 'String'
    if (SSM.test(type) && overrides[name] === undefined) fromSsm.add(name)
    values.set(name, LISTS.test(type) ? splitList(given) : scalarText(given))
  }
  return { values, fromSsm }
}

function scalarText(value: TemplateValue): TemplateValue {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
}

function splitList(value: TemplateValue): TemplateValue {
  if (isList(value)) return value
  return spell(value)
    .split(',')
    .map((item) => item.trim())
}

function checkAllowed(name: string, given: TemplateValue, declared: TemplateMap, file: string): void {
  const allowed = declared['AllowedValues']
  if (isList(allowed) && !allowed.some((value) => spell(value) === spell(given))) {
    throw invalid(
      `${file}: Parameters.${name} is "${spell(given)}"; AllowedValues has ${allowed.map(spell).join(', ')}.`,
    )
  }
  const pattern = declared['AllowedPattern']
  if (typeof pattern === 'string' && !matches(pattern, spell(given))) {
    throw invalid(`${file}: Parameters.${name} is "${spell(given)}", which AllowedPattern ${pattern} refuses.`)
  }
}

// A pattern in Java's dialect that JavaScript cannot read refuses nothing.
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(text)
  } catch {
    return true
  }
}
