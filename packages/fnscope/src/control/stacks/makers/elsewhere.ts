// Queues, topics, tables, streams: the platform has them made with the functions that they call, by the cloud that calls
// are passed on to. They are taken away there when their stack is.
import type { MadeElsewhere } from '../../made-elsewhere.ts'
import type { ResourceMaker } from '../resource-maker.ts'

const ELSEWHERE = { reason: 'Made by the cloud that fnscope passes calls on to, where there is one.' }

export function elsewhereMaker(elsewhere: () => MadeElsewhere | undefined): ResourceMaker {
  return {
    create: () => ELSEWHERE,
    update: () => ELSEWHERE,
    remove: async ({ type, physicalId }) => {
      await elsewhere()?.remove([{ type, name: nameIn(type, physicalId) }])
    },
  }
}

/** Of a Ref that is an URL or an ARN; a secret's ends with letters of its own. */
function nameIn(type: string, physicalId: string): string {
  const name = physicalId.slice(Math.max(physicalId.lastIndexOf('/'), physicalId.lastIndexOf(':')) + 1)
  return type === 'AWS::SecretsManager::Secret' ? name.replace(/-[^-]{6}$/, '') : name
}
