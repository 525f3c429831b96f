// The events of a stack, as clients follow them, and with each of its own its status.
import { STACK_TYPE } from '../../deploy/template-value.ts'
import type { WantedResource } from './resource-maker.ts'
import type { StackStore } from './stack-store.ts'

export class StackJournal {
  readonly #store: StackStore
  readonly #token: string | undefined

  /** @param token of the request that changes the stack, in each event */
  constructor(store: StackStore, token: string | undefined) {
    this.#store = store
    this.#token = token
  }

  resource(id: string, resource: WantedResource, status: string, reason?: string): void {
    const { logicalId, physicalId, type, properties } = resource
    this.#store.note(id, { logicalId, physicalId, type, status, properties, ...this.#with(reason) })
  }

  status(id: string, status: string, reason?: string): void {
    const { name } = this.#store.get(id)
    this.#store.note(id, { logicalId: name, physicalId: id, type: STACK_TYPE, status, ...this.#with(reason) })
    const { statusReason: _, ...rest } = this.#store.get(id)
    this.#store.put({ ...rest, status, ...(reason !== undefined && { statusReason: reason }) })
  }

  /** It is no more; what it was stays to be asked about by its id. */
  gone(id: string): void {
    this.#store.change(id, { deletedMs: Date.now(), resources: [], outputs: [], changeSets: [] })
    this.status(id, 'DELETE_COMPLETE')
  }

  #with(reason: string | undefined): { readonly reason?: string; readonly token?: string } {
    return {
      ...(reason !== undefined && { reason }),
      ...(this.#token !== undefined && { token: this.#token }),
    }
  }
}
