// A template's Outputs with their values, those whose condition is true.
import { resolveValue } from './intrinsics.ts'
import type { OpenTemplate } from './open-template.ts'
import { invalid, isMap, mapAt, spell, type TemplateValue } from './template-value.ts'

export interface StackOutput {
  readonly key: string
  readonly value: string
  readonly description?: string
  readonly exportName?: string
}

/** @throws FnscopeError FNS_TEMPLATE_INVALID */
export function readOutputs({ source, scope, file }: OpenTemplate): StackOutput[] {
  const outputs: StackOutput[] = []
  for (const [key, output] of Object.entries(mapAt(source['Outputs'], 'Outputs'))) {
    const place = `Outputs.${key}`
    if (!isMap(output)) throw invalid(`${file}: ${place} must be a map with a Value.`)
    const condition = output['Condition']
    if (typeof condition === 'string' && !scope.condition(condition, place)) continue
    const text = (raw: TemplateValue | undefined, at: string): string | undefined => {
      const value = raw === undefined ? undefined : resolveValue(raw, scope, at)
      return value === undefined ? undefined : spell(value)
    }
    const value = text(output['Value'], `${place}.Value`)
    if (value === undefined) throw invalid(`${file}: ${place} has no Value.`)
    const description = text(output['Description'], `${place}.Description`)
    const exportName = text(mapAt(output['Export'], `${place}.Export`)['Name'], `${place}.Export.Name`)
    outputs.push({
      key,
      value,
      ...(description === undefined ? {} : { description }),
      ...(exportName === undefined ? {} : { exportName }),
    })
  }
  return outputs
}
