// s.yaml of Serverless Devs to an AppSpec: edition 3 (resources of component fc3) and the older one (services of component
// fc). Each function's settings are brought into one shape first; what a function is then, serverless-devs-function.ts says.
import { readFile } from 'node:fs/promises'
import { basename, relative } from 'node:path'
import { FnscopeError } from '../errors.ts'
import type { AppSpec, FunctionSpec } from '../functions/function-spec.ts'
import { NO_TRIGGERS, type FcTriggerSpec } from '../functions/trigger-spec.ts'
import type { FoundTemplate } from './find-template.ts'
import { stackNameFrom } from './physical-name.ts'
import type { ReadAppOptions } from './read-app.ts'
import { readFcFunction, type FcContext, type FcSettings } from './serverless-devs-function.ts'
import { readFcTrigger } from './serverless-devs-triggers.ts'
import { evaluate, type ExpressionScope } from './serverless-devs-values.ts'
import { invalid, isList, isMap, mapAt, spell, type TemplateMap, type TemplateValue } from './template-value.ts'
import { parseYaml } from './template-yaml.ts'

const COMPONENTS = /^(?:.*\/)?fc3?(?:@.*)?$/

/** Serverless Devs' templates, which sit beside no other kind. */
export const SERVERLESS_DEVS_NAMES = ['s.yaml', 's.yml']

/** @throws FnscopeError FNS_TEMPLATE_INVALID, FNS_TEMPLATE_NO_FUNCTION, FNS_TEMPLATE_NO_HANDLER, FNS_CODE_NOT_FOUND, FNS_BUILD_FAILED */
export async function readServerlessDevs(
  found: FoundTemplate,
  options: ReadAppOptions,
  notices: { readonly all: readonly string[]; readonly add: (text: string) => void },
): Promise<AppSpec> {
  const file = relative(process.cwd(), found.file).startsWith('..') ? found.file : relative(process.cwd(), found.file)
  const document = parseYaml(await readFile(found.file, 'utf8'), file)
  if (!isMap(document)) throw invalid(`${file}:1:1: s.yaml is a map with resources; this file holds something else.`)
  const section = isMap(document['resources']) ? 'resources' : 'services'
  const scope: ExpressionScope = {
    file,
    dir: found.appDir,
    document,
    env: { ...process.env, ...options.parameters },
    account: { AccountID: options.accountId, AccessKeyID: 'local', AccessKeySecret: 'local', SecurityToken: 'local' },
  }
  const name = evaluate(document['name'] ?? '', scope, 'name')
  const stack = options.stackName ?? stackNameFrom(spell(name) || basename(found.appDir))
  const context: FcContext = { ...options, file, dir: found.appDir, stack, notice: notices.add }
  const functions: FunctionSpec[] = []
  const fcTriggers: FcTriggerSpec[] = []
  const outputs: Record<string, string> = {}
  for (const settings of settingsOf(document, section, scope, notices.add)) {
    const spec = await readFcFunction(settings, context)
    const twin = functions.find((other) => other.name === spec.name)
    if (twin !== undefined)
      throw invalid(`${file}: ${twin.logicalId} and ${spec.logicalId} are functions of one name, ${spec.name}.`)
    functions.push(spec)
    const trigger = readFcTrigger(settings, spec, context)
    if (trigger === undefined) continue
    fcTriggers.push(trigger)
    outputs[settings.id] = `https://${trigger.id}.${options.region}.fcapp.run`
  }
  if (functions.length === 0)
    throw new FnscopeError(
      'FNS_TEMPLATE_NO_FUNCTION',
      `${file} has no function. Add one under resources, with component: fc3 and props: functionName, runtime, handler, code.`,
    )
  return {
    dir: found.appDir,
    stack,
    region: options.region,
    accountId: options.accountId,
    functions,
    triggers: { ...NO_TRIGGERS, fcTriggers },
    outputs,
    notices: notices.all,
  }
}

function* settingsOf(
  document: TemplateMap,
  section: 'resources' | 'services',
  scope: ExpressionScope,
  notice: (text: string) => void,
): Generator<FcSettings> {
  for (const [id, raw] of Object.entries(mapAt(document[section], `${scope.file}: ${section}`))) {
    const place = `${section}.${id}`
    if (!isMap(raw)) throw invalid(`${scope.file}: ${place} must be a map with a component and props.`)
    const component = spell(evaluate(raw['component'] ?? '', scope, `${place}.component`))
    if (!COMPONENTS.test(component)) {
      notice(`${id} (component ${component || 'none'}) is not emulated.`)
      continue
    }
    const inherited = inheritedProps(document, raw, scope, place)
    const props = mapAt(
      evaluate(merge(inherited, mapAt(raw['props'], `${scope.file}: ${place}.props`)), scope, `${place}.props`),
      `${scope.file}: ${place}.props`,
    )
    yield /(?:^|\/)fc3/.test(component) ? newSettings(id, props, place) : oldSettings(id, props, place)
  }
}

/** What `extend: {name: …}` of edition 3 takes from a template of the file. */
function inheritedProps(document: TemplateMap, raw: TemplateMap, scope: ExpressionScope, place: string): TemplateMap {
  const extend = raw['extend']
  if (extend === undefined || extend === null) return {}
  const name = isMap(extend) ? spell(extend['name']) : spell(extend)
  const template = mapAt(document['template'], `${scope.file}: template`)[name]
  if (!isMap(template))
    throw invalid(`${scope.file}: ${place}.extend names the template "${name}", which is not under template.`)
  const ignored = isMap(extend) && isList(extend['ignore']) ? extend['ignore'].map(spell) : []
  return Object.fromEntries(Object.entries(template).filter(([key]) => !ignored.includes(key)))
}

function merge(under: TemplateMap, over: TemplateMap): TemplateMap {
  const merged: Record<string, TemplateValue> = { ...under }
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key]
    merged[key] = isMap(below) && isMap(value) ? merge(below, value) : value
  }
  return merged
}

function newSettings(id: string, props: TemplateMap, place: string): FcSettings {
  const hooks = mapAt(props['instanceLifecycleConfig'], `${place}.props.instanceLifecycleConfig`)
  const custom = mapAt(props['customRuntimeConfig'], `${place}.props.customRuntimeConfig`)
  return {
    id,
    place: `${place}.props`,
    edition: '3',
    service: '',
    function: { ...props, name: props['functionName'] ?? id, port: custom['port'] ?? props['caPort'] ?? null },
    code: props['code'],
    hooks,
    tracing: props['tracingConfig'],
    log: mapAt(props['logConfig'], `${place}.props.logConfig`),
    triggers: listOf(props['triggers']).map((trigger) => ({
      name: trigger['triggerName'] ?? trigger['name'] ?? null,
      type: trigger['triggerType'] ?? trigger['type'] ?? null,
      config: trigger['triggerConfig'] ?? trigger['config'] ?? null,
    })),
  }
}

function oldSettings(id: string, props: TemplateMap, place: string): FcSettings {
  const at = `${place}.props.function`
  const own = mapAt(props['function'], at)
  const service = isMap(props['service']) ? props['service'] : { name: props['service'] ?? '' }
  const hooks = mapAt(own['instanceLifecycleConfig'], `${at}.instanceLifecycleConfig`)
  const initializer = own['initializer']
    ? { initializer: { handler: own['initializer'], timeout: own['initializationTimeout'] ?? null } }
    : {}
  return {
    id,
    place: at,
    edition: '2',
    service: spell(service['name']),
    function: { ...own, name: own['name'] ?? id, port: own['caPort'] ?? null },
    code: own['codeUri'] ?? own['code'],
    hooks: { ...initializer, ...hooks },
    tracing: service['tracingConfig'],
    log: isMap(service['logConfig']) ? service['logConfig'] : {},
    triggers: listOf(props['triggers']),
  }
}

function listOf(value: TemplateValue | undefined): TemplateMap[] {
  return isList(value) ? value.filter(isMap) : []
}
