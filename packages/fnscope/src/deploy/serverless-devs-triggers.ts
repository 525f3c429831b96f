// The HTTP trigger of a function in s.yaml; its other triggers are named in a notice.
import type { FunctionSpec } from '../functions/function-spec.ts'
import type { FcTriggerSpec } from '../functions/trigger-spec.ts'
import { lowerId } from './physical-name.ts'
import type { FcContext, FcSettings } from './serverless-devs-function.ts'
import { isList, mapAt, spell } from './template-value.ts'

const DEFAULT_METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS']

/** Undefined: it has none. */
export function readFcTrigger(
  settings: FcSettings,
  spec: FunctionSpec,
  { file, dir, stack, notice }: FcContext,
): FcTriggerSpec | undefined {
  let found: FcTriggerSpec | undefined
  for (const trigger of settings.triggers) {
    const type = spell(trigger['type'])
    const name = spell(trigger['name']) || type
    if (type !== 'http') {
      notice(`${settings.id}: trigger ${name} (${type}) is not emulated; invoke the function directly.`)
      continue
    }
    const config = mapAt(trigger['config'], `${file}: ${settings.place}: trigger ${name}`)
    const methods = isList(config['methods']) ? config['methods'].map((method) => spell(method).toUpperCase()) : []
    found ??= {
      id: `${spec.name.toLowerCase().replaceAll('_', '-')}-${lowerId({ appDir: dir, stack }, settings.id, 10)}`,
      stack,
      functionName: spec.name,
      methods: methods.length === 0 ? DEFAULT_METHODS : methods,
      authType: spell(config['authType']) || 'function',
      edition: settings.edition,
    }
  }
  return found
}
