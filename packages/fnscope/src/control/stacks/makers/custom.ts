// Custom resources: a function of the user's is called with a ResponseURL and answers there. The CDK's own two are done
// here instead: their functions answer by TLS on port 443 alone.
import { randomUUID } from 'node:crypto'
import { spell, type TemplateMap } from '../../../deploy/template-value.ts'
import type { Made, ResourceMaker, StackPlace, WantedResource } from '../resource-maker.ts'
import { textOf } from './properties.ts'

export interface CustomCall {
  /** ServiceToken. */
  readonly functionArn: string
  readonly payload: Buffer
}

export interface CustomResourcesOptions {
  /** Runs the function; resolves when it has ended, with its error if it failed. */
  readonly invoke: (call: CustomCall) => Promise<string | undefined>
  /** Where an answer with that id is taken. */
  readonly responseUrl: (id: string) => string
  /** How long an answer may take once the function has ended, where ServiceTimeout does not say. Default one minute. */
  readonly waitMs?: number
}

interface Answer {
  readonly Status?: unknown
  readonly Reason?: unknown
  readonly PhysicalResourceId?: unknown
  readonly Data?: unknown
  /** There was none. */
  readonly isLate?: true
}

const WAIT_MS = 60_000
const MOST_ANSWER_BYTES = 4096

export class CustomResources {
  readonly #options: CustomResourcesOptions
  readonly #waiting = new Map<string, (answer: Answer) => void>()

  constructor(options: CustomResourcesOptions) {
    this.#options = options
  }

  /** What was put to a response URL. False: nobody waits for it. */
  answer(id: string, body: Buffer): boolean {
    const take = this.#waiting.get(id)
    if (take === undefined) return false
    this.#waiting.delete(id)
    if (body.length > MOST_ANSWER_BYTES) {
      take({ Status: 'FAILED', Reason: 'Response object is too long.' })
      return true
    }
    try {
      take(JSON.parse(body.toString('utf8')) as Answer)
    } catch {
      take({ Status: 'FAILED', Reason: 'The response of the custom resource is not JSON.' })
    }
    return true
  }

  readonly maker: ResourceMaker = {
    create: (wanted, place) => this.#call('Create', wanted, place),
    update: (wanted, before, place) =>
      this.#call('Update', { ...wanted, physicalId: before.physicalId }, place, before.properties),
    remove: async (resource, place) => {
      await this.#call('Delete', resource, place)
    },
  }

  async #call(requestType: string, wanted: WantedResource, place: StackPlace, old?: TemplateMap): Promise<Made> {
    const id = randomUUID()
    const functionArn = textOf(wanted.properties, 'ServiceToken') ?? ''
    if (!functionArn.startsWith('arn:') || !functionArn.includes(':lambda:'))
      throw new Error(`Invalid service token: ${functionArn || 'none'}. fnscope calls functions alone.`)
    const event = {
      RequestType: requestType,
      ServiceToken: functionArn,
      ResponseURL: this.#options.responseUrl(id),
      StackId: place.stackId,
      RequestId: randomUUID(),
      LogicalResourceId: wanted.logicalId,
      ...(requestType !== 'Create' && { PhysicalResourceId: wanted.physicalId }),
      ResourceType: wanted.type,
      ResourceProperties: texts(wanted.properties),
      ...(old !== undefined && { OldResourceProperties: texts(old) }),
    }
    const call = { functionArn, payload: Buffer.from(JSON.stringify(event)) }
    const answer = await this.#answered(id, call, {
      waitMs: waitMsOf(wanted.properties) ?? this.#options.waitMs ?? WAIT_MS,
      late: `CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId [${event.RequestId}]. If you are using the Python cfn-response module, you may need to update your Lambda function code so that CloudFormation can attach the updated version.`,
    })
    if (answer.isLate === true) throw new Error(spellOf(answer.Reason))
    if (answer.Status !== 'SUCCESS')
      throw new Error(
        `Received response status [FAILED] from custom resource. Message returned: ${spellOf(answer.Reason)} (RequestId: ${event.RequestId})`,
      )
    const data = typeof answer.Data === 'object' && answer.Data !== null ? answer.Data : {}
    const physicalId = typeof answer.PhysicalResourceId === 'string' ? answer.PhysicalResourceId : undefined
    if (requestType === 'Create' && (physicalId === undefined || physicalId === ''))
      throw new Error('Invalid PhysicalResourceId')
    return {
      ...(physicalId !== undefined && { physicalId }),
      attributes: Object.fromEntries(Object.entries(data).map(([name, value]) => [name, spellOf(value)])),
    }
  }

  async #answered(
    id: string,
    { functionArn, payload }: CustomCall,
    { waitMs, late }: { readonly waitMs: number; readonly late: string },
  ): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve))
    try {
      const ended = this.#options.invoke({ functionArn, payload }).then(
        (failure) => {
          if (failure !== undefined) return { Status: 'FAILED', Reason: failure }
          return new Promise<Answer>((resolve) => {
            // The answer is there before the function's end.
            if (!this.#waiting.has(id)) return
            timer = setTimeout(() => resolve({ Status: 'FAILED', Reason: late, isLate: true }), waitMs)
          })
        },
        (error: unknown) => ({ Status: 'FAILED', Reason: String(error) }),
      )
      return await Promise.race([answered, ended])
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }
}

/** ServiceTimeout is in seconds. */
function waitMsOf(properties: TemplateMap): number | undefined {
  const seconds = Number(properties['ServiceTimeout'] ?? Number.NaN)
  return seconds >= 1 && seconds <= 3600 ? seconds * 1000 : undefined
}

/** CloudFormation hands numbers and booleans over as text. */
function texts(value: TemplateMap): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, member: unknown) =>
      typeof member === 'number' || typeof member === 'boolean' ? String(member) : member,
    ),
  )
}

function spellOf(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? '' : spell(value as TemplateMap)
}
