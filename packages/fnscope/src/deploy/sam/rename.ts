// References to ids that SAM changes, put right: `Ref: Libs` to the layer with its hash, `Fn.Alias` to the alias.
import { intrinsicOf, isList, isMap, spell, type TemplateValue } from '../template-value.ts'

type Renamed = ReadonlyMap<string, string>

export function renameReferences(value: TemplateValue, renamed: Renamed): TemplateValue {
  if (renamed.size === 0) return value
  if (isList(value)) return value.map((item) => renameReferences(item, renamed))
  if (!isMap(value)) return value
  const call = intrinsicOf(value)
  if (call?.[0] === 'Ref' && typeof call[1] === 'string') return { Ref: renamed.get(call[1]) ?? call[1] }
  if (call?.[0] === 'Fn::GetAtt') return { 'Fn::GetAtt': attribute(call[1], renamed) }
  if (call?.[0] === 'Fn::Sub') return { 'Fn::Sub': substitution(call[1], renamed) }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === 'DependsOn' ? dependencies(inner, renamed) : renameReferences(inner, renamed),
    ]),
  )
}

function dependencies(value: TemplateValue, renamed: Renamed): TemplateValue {
  if (isList(value)) return value.map((item) => dependencies(item, renamed))
  return typeof value === 'string' ? (renamed.get(value) ?? value) : value
}

function attribute(argument: TemplateValue, renamed: Renamed): TemplateValue {
  const parts = typeof argument === 'string' ? argument.split('.') : argument
  if (!isList(parts) || parts.some((part) => typeof part !== 'string')) return argument
  const names = parts.flatMap((part) => spell(part).split('.'))
  const both = renamed.get(names.slice(0, 2).join('.'))
  if (both !== undefined && names.length > 2) return [both, names.slice(2).join('.')]
  return [renamed.get(names[0]!) ?? names[0]!, names.slice(1).join('.')]
}

function substitution(argument: TemplateValue, renamed: Renamed): TemplateValue {
  if (isList(argument)) {
    const [text, ...rest] = argument
    return [substitution(text ?? '', renamed), ...rest.map((item) => renameReferences(item, renamed))]
  }
  if (typeof argument !== 'string') return argument
  return argument.replaceAll(/\$\{([A-Za-z0-9.]+)\}/g, (whole, name: string) => {
    const [id, ...rest] = name.split('.')
    const found = renamed.get(name)
    if (found !== undefined) return `\${${found}}`
    const owner = renamed.get(id!)
    return owner === undefined ? whole : `\${${[owner, ...rest].join('.')}}`
  })
}
