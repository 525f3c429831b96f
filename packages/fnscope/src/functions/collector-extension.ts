// The OpenTelemetry collector that layers of AWS and of OpenTelemetry bring as an extension: it is not started, for its
// ports are fnscope's own doors, which store what it would send on. What its configuration asks for beyond that is said.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { FunctionSpec } from './function-spec.ts'

type Section = Readonly<Record<string, unknown>>

/** Where the layers have their collector's own configuration. */
const OWN_CONFIG = 'collector-config'
const CONFIG_VARIABLES = ['OPENTELEMETRY_COLLECTOR_CONFIG_URI', 'OPENTELEMETRY_COLLECTOR_CONFIG_FILE']
/** What the doors do: take OTLP and keep it. */
const DONE_HERE: Readonly<Record<string, RegExp>> = {
  receivers: /^otlp(?:\/|$)/,
  // They gather and hold back; the doors answer at once.
  processors: /^(?:batch|decouple)(?:\/|$)/,
  exporters: /./,
}

export function isCollector(name: string, layerDirs: readonly string[]): boolean {
  return name === 'collector' && layerDirs.some((dir) => existsSync(join(dir, OWN_CONFIG)))
}

/** A sentence for the user; undefined: the function has no collector and no configuration of one. */
export function collectorNotice(spec: FunctionSpec, brought: boolean): string | undefined {
  const variable = CONFIG_VARIABLES.find((name) => spec.environment[name])
  if (!brought && variable === undefined) return undefined
  const who = `${spec.logicalId}: fnscope's doors take what the OpenTelemetry collector of its layer would (OTLP on 4317 and 4318)`
  if (variable === undefined) return `${who}.`
  const place = spec.environment[variable]!
  const ignored = ignoredParts(place, spec)
  const said =
    ignored === undefined
      ? `could not be read and is ignored`
      : ignored.length === 0
        ? 'asks for nothing else'
        : `also has ${ignored.join(', ')}: ignored`
  return `${who}; its configuration ${place} ${said}.`
}

/** Undefined: it cannot be read here. */
function ignoredParts(place: string, { codeDir, layerDirs }: FunctionSpec): string[] | undefined {
  const path = place.replace(/^file:/, '')
  const files = path.startsWith('/opt/')
    ? layerDirs.map((dir) => join(dir, path.slice('/opt/'.length)))
    : [path.startsWith('/var/task/') ? join(codeDir, path.slice('/var/task/'.length)) : path]
  const file = files.findLast((candidate) => existsSync(candidate))
  if (file === undefined) return undefined
  try {
    const config = sectionOf(parse(readFileSync(file, 'utf8')))
    return Object.entries(DONE_HERE).flatMap(([section, done]) =>
      Object.keys(sectionOf(config[section])).flatMap((name) => (done.test(name) ? [] : [`${section}.${name}`])),
    )
  } catch {
    return undefined
  }
}

function sectionOf(value: unknown): Section {
  return typeof value === 'object' && value !== null ? (value as Section) : {}
}
