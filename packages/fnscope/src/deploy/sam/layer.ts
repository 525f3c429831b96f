// AWS::Serverless::LayerVersion: its id carries a hash of what it says, so that a change makes another one and the old one
// may stay; every reference follows.
import { invalid, spell, type TemplateMap, type TemplateValue } from '../template-value.ts'
import type { Expansion, SamResource } from './expansion.ts'
import { codeOf, hashedId, ownAttributes, resource } from './parts.ts'

const NOT_HASHED = ['DeletionPolicy', 'UpdateReplacePolicy', 'Metadata']

export function expandLayer({ id, source, properties }: SamResource, into: Expansion): void {
  const { RetentionPolicy, ContentUri, LayerName, PublishLambdaVersion: _, ...rest } = properties
  const retention = retentionOf(into.known(RetentionPolicy), `${into.file}: Resources.${id}.Properties.RetentionPolicy`)
  const newId = hashedId(id, { [id]: hashedSource(source, properties) })
  into.add(
    newId,
    resource(
      'AWS::Lambda::LayerVersion',
      { ...rest, LayerName: LayerName ?? id, Content: codeOf(ContentUri) },
      { ...ownAttributes(source), DeletionPolicy: retention ?? source['DeletionPolicy'] ?? 'Retain' },
    ),
  )
  into.renamed.set(id, newId)
}

function hashedSource(source: TemplateMap, properties: TemplateMap): TemplateMap {
  const kept = Object.fromEntries(Object.entries(source).filter(([key]) => !NOT_HASHED.includes(key)))
  return { ...kept, Properties: properties }
}

function retentionOf(value: TemplateValue | undefined, place: string): string | undefined {
  if (value === undefined) return undefined
  const found = ['Retain', 'Delete'].find((each) => each.toLowerCase() === spell(value).toLowerCase())
  if (found === undefined) throw invalid(`${place} must be Retain or Delete, not ${JSON.stringify(value)}.`)
  return found
}
