// The template's parameters: what the caller or samconfig.toml says, else the default, checked as CloudFormation checks
// them and refused in its words.
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
        `Parameters: [${name}] must have values. ${file}: ${place} has no Default and no value was given. ` +
          `Give it one: --parameter ${name}=VALUE, or parameter_overrides = "${name}=VALUE" in samconfig.toml.`,
      )
    }
    const type = typeof declared['Type'] === 'string' ? declared['Type'] : 'String'
    const wrong = type === 'CommaDelimitedList' ? undefined : problemOf(given, type, declared)
    if (wrong !== undefined) throw invalid(refusal(name, wrong, { given, declared, place: `${file}: ${place}` }))
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

/** What CloudFormation says of a value that it does not take; undefined when it does. */
function problemOf(given: TemplateValue, type: string, declared: TemplateMap): string | undefined {
  const text = spell(given)
  const allowed = declared['AllowedValues']
  if (isList(allowed) && !allowed.some((value) => spell(value) === text)) {
    return `must be one of AllowedValues`
  }
  const bound = (key: string): number | undefined => (declared[key] === undefined ? undefined : Number(declared[key]))
  if (type === 'Number') {
    const number = Number(text)
    if (text.trim() === '' || Number.isNaN(number)) return 'must be a number'
    if (number < (bound('MinValue') ?? -Infinity)) return `must be a number not less than ${bound('MinValue')}`
    if (number > (bound('MaxValue') ?? Infinity)) return `must be a number not greater than ${bound('MaxValue')}`
  }
  if (text.length < (bound('MinLength') ?? 0)) return `must contain at least ${bound('MinLength')} characters`
  if (text.length > (bound('MaxLength') ?? Infinity)) return `must contain at most ${bound('MaxLength')} characters`
  const pattern = declared['AllowedPattern']
  return typeof pattern === 'string' && !matches(pattern, text) ? `must match pattern ${pattern}` : undefined
}

function refusal(
  name: string,
  wrong: string,
  { given, declared, place }: { readonly given: TemplateValue; readonly declared: TemplateMap; readonly place: string },
): string {
  const constraint = declared['ConstraintDescription']
  const said =
    typeof constraint === 'string'
      ? `Parameter '${name}' failed to satisfy constraint: ${constraint}.`
      : `Parameter '${name}' ${wrong}.`
  const allowed = declared['AllowedValues']
  const value = declared['NoEcho'] === true || declared['NoEcho'] === 'true' ? '****' : spell(given)
  return `${said} ${place} is "${value}"${isList(allowed) ? `; AllowedValues has ${allowed.map(spell).join(', ')}` : ''}.`
}

// A pattern in Java's dialect that JavaScript cannot read refuses nothing.
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(text)
  } catch {
    return true
  }
}

/** Its value is never shown. */
export function isNoEcho(declaration: TemplateMap): boolean {
  return spell(declaration['NoEcho']).toLowerCase() === 'true'
}
