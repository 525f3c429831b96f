// The settings of samconfig.toml that change what a template means: stack_name, parameter_overrides, and which it is.
// Reads the plain TOML that `sam deploy --guided` writes: tables, strings, booleans, lists of strings. Nothing else.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface SamConfig {
  readonly stackName?: string
  /** The template that they are for; absent: the app's. */
  readonly templateFile?: string
  readonly parameterOverrides: Readonly<Record<string, string>>
}

const COMMANDS = ['deploy', 'global']

/** The `default` environment's settings; empty when there is no file. Never throws: what it cannot read it passes over. */
export async function readSamConfig(appDir: string): Promise<SamConfig> {
  const text = await readFile(join(appDir, 'samconfig.toml'), 'utf8').catch(() => '')
  return parseSamConfig(text)
}

export function parseSamConfig(text: string): SamConfig {
  const tables = parseTables(text)
  const setting = (key: string): string | undefined => {
    for (const command of COMMANDS) {
      const value = tables.get(`default.${command}.parameters`)?.get(key)
      if (value !== undefined) return value
    }
    return undefined
  }
  const stackName = setting('stack_name')
  const templateFile = setting('template_file') ?? setting('template')
  return {
    ...(stackName === undefined ? {} : { stackName }),
    ...(templateFile === undefined ? {} : { templateFile }),
    parameterOverrides: parseOverrides(setting('parameter_overrides') ?? ''),
  }
}

/** Table name → key → value; a list is joined by blanks, as the command line would have it. */
function parseTables(text: string): Map<string, Map<string, string>> {
  const tables = new Map<string, Map<string, string>>()
  let current = new Map<string, string>()
  for (const line of joinLists(text)) {
    const table = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line)
    const pair = /^\s*([\w-]+)\s*=\s*(.+?)\s*$/.exec(line)
    if (table) {
      current = new Map()
      tables.set(table[1]!.replaceAll(/["'\s]/g, ''), current)
    } else if (pair) {
      const value = parseValue(pair[2]!)
      if (value !== undefined) current.set(pair[1]!, value)
    }
  }
  return tables
}

// A list may run over lines; one line each makes the rest simple.
function joinLists(text: string): string[] {
  const lines: string[] = []
  let open: string | undefined
  for (const line of text.split(/\r?\n/)) {
    if (open !== undefined) {
      open += ` ${line.trim()}`
      if (line.includes(']')) {
        lines.push(open)
        open = undefined
      }
    } else if (/=\s*\[[^\]]*$/.test(line)) open = line
    else lines.push(line)
  }
  return lines
}

function parseValue(text: string): string | undefined {
  if (text.startsWith('[')) return (text.match(/"(?:[^"\\]|\\.)*"|'[^']*'/g) ?? []).map(unquote).join(' ')
  const quoted = /^("(?:[^"\\]|\\.)*"|'[^']*')/.exec(text)
  if (quoted) return unquote(quoted[1]!)
  return /^[^\s#]+/.exec(text)?.[0]
}

function unquote(text: string): string {
  const inner = text.slice(1, -1)
  return text.startsWith("'") ? inner : inner.replaceAll(/\\(.)/g, '$1')
}

/** `A=1 B="two words" ParameterKey=C,ParameterValue=3` to a map. */
export function parseOverrides(text: string): Record<string, string> {
  const overrides: Record<string, string> = {}
  const value = String.raw`("(?:[^"\\]|\\.)*"|'[^']*'|\S*)`
  const pattern = new RegExp(`(?:ParameterKey=([\\w]+),ParameterValue=|([\\w]+)=)${value}`, 'g')
  for (const match of text.matchAll(pattern)) {
    const raw = match[3]!
    overrides[match[1] ?? match[2]!] = /^["']/.test(raw) ? unquote(raw) : raw
  }
  return overrides
}
