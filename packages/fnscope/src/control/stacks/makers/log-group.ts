// AWS::Logs::LogGroup: the group itself comes with its first line; its retention is what a template can say of it.
import type { ResourceMaker, WantedResource } from '../resource-maker.ts'
import type { SetRetention } from './cdk-own.ts'
import { textOf } from './properties.ts'

export function logGroupMaker(setRetention: SetRetention): ResourceMaker {
  const put = ({ physicalId, properties }: WantedResource): object => {
    const days = textOf(properties, 'RetentionInDays')
    setRetention(physicalId, days === undefined ? undefined : Number(days))
    return {}
  }
  return {
    create: put,
    update: (wanted, { physicalId }) => put({ ...wanted, physicalId }),
    // Its lines stay for whoever looks for why the stack was deleted; retention takes them.
    remove: () => {},
  }
}
