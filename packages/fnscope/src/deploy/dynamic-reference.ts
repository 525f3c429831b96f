// `{{resolve:ssm:/path}}`, `{{resolve:ssm-secure:…}}` and `{{resolve:secretsmanager:id:SecretString:key}}` inside text.
// What cannot be looked up stays as it is, with a notice.
import type { Lookups } from './lookups.ts'

interface Context {
  readonly lookups: Lookups
  readonly notice: (text: string) => void
  readonly place: string
}

export function resolveDynamic(text: string, context: Context): string {
  return text.replaceAll(
    /\{\{resolve:(ssm|ssm-secure|secretsmanager):([^}]+)\}\}/g,
    (whole, service: string, rest: string) => {
      const value = service === 'secretsmanager' ? secret(rest, context) : ssm(rest, context)
      if (value !== undefined) return value
      context.notice(`${context.place}: ${whole} has no value here and stays as it is.`)
      return whole
    },
  )
}

// A version behind the last colon asks for an older value; there is only the newest here.
function ssm(rest: string, { lookups }: Context): string | undefined {
  return lookups.ssmParameter?.(rest.replace(/:\d+$/, ''))
}

/** `id:SecretString:json-key:stage:version`, where the id may be an ARN with colons of its own. */
function secret(rest: string, { lookups }: Context): string | undefined {
  const [, id = rest, key] = /^(.+?)(?::SecretString(?::([^:]*))?.*)?$/.exec(rest) ?? []
  const value = lookups.secret?.(id)
  if (value === undefined || key === undefined || key === '') return value
  try {
    const found = (JSON.parse(value) as Readonly<Record<string, unknown>>)[key]
    if (typeof found === 'string') return found
    return found === undefined ? undefined : JSON.stringify(found)
  } catch {
    return undefined
  }
}
