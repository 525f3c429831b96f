// AWS::Lambda::LayerVersion: published as by PublishLayerVersion, under the number that the template was opened with. What
// functions find in /opt is read from the template.
import { s3PlaceOf } from '../../../deploy/s3-place.ts'
import type { Buckets } from '../../buckets.ts'
import type { CodeStore } from '../../code-store.ts'
import type { Functions } from '../../functions/functions.ts'
import type { Made, ResourceMaker, WantedResource } from '../resource-maker.ts'
import { textOf, textsOf } from './properties.ts'

export interface LayerSources {
  readonly functions: Functions
  readonly buckets: Buckets
  readonly code: CodeStore
}

export function layerVersionMaker({ functions, buckets, code }: LayerSources): ResourceMaker {
  const others = (arn: string): ReturnType<Functions['layers']> =>
    functions.layers().filter((one) => functions.layerArn(one) !== arn)
  return {
    create({ physicalId, properties }: WantedResource): Made {
      const [, name, version] = /:layer:([^:]+):(\d+)$/.exec(physicalId) ?? []
      const place = s3PlaceOf(properties['Content'])
      const path = place && buckets.contentPath(place)
      const attributes = { LayerVersionArn: physicalId }
      // Content that lies nowhere here: the functions were refused or do without it.
      if (name === undefined || path === undefined) return { attributes }
      const { dir, sha256, size } = code.unpackFile(path)
      const license = textOf(properties, 'LicenseInfo')
      const layer = {
        name,
        version: Number(version),
        createdMs: Date.now(),
        description: textOf(properties, 'Description') ?? '',
        runtimes: textsOf(properties, 'CompatibleRuntimes'),
        architectures: textsOf(properties, 'CompatibleArchitectures'),
        ...(license !== undefined && { license }),
        codeSha256: sha256,
        codeSize: size,
        dir,
      }
      functions.putLayers([...others(physicalId), layer])
      return { attributes }
    },
    update: (_, { physicalId }) => ({ attributes: { LayerVersionArn: physicalId } }),
    remove: ({ physicalId }) => functions.putLayers(others(physicalId)),
  }
}
