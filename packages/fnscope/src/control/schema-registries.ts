// EventBridge's schema registries, kept as they are put: where `sam remote test-event` and the Lambda console keep events.
import { StateFile, type StateFileOptions } from './state-file.ts'

export interface SchemaVersion {
  readonly version: number
  readonly content: string
  readonly createdMs: number
}

export interface Schema {
  readonly name: string
  readonly type: string
  readonly description?: string
  /** The oldest first; never empty. */
  readonly versions: readonly SchemaVersion[]
}

export interface SchemaRegistry {
  readonly name: string
  readonly description?: string
  readonly schemas: Readonly<Record<string, Schema>>
}

interface State {
  readonly registries: Readonly<Record<string, SchemaRegistry>>
}

export class SchemaRegistries {
  readonly #file: StateFile<State>

  constructor(options: Pick<StateFileOptions<State>, 'path' | 'log'>) {
    this.#file = new StateFile({ ...options, empty: { registries: {} } })
  }

  /** By name. */
  all(): readonly SchemaRegistry[] {
    return Object.values(this.#file.current.registries).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  find(name: string): SchemaRegistry | undefined {
    const { registries } = this.#file.current
    return Object.hasOwn(registries, name) ? registries[name] : undefined
  }

  put(registry: SchemaRegistry): void {
    this.#file.replace({ registries: { ...this.#file.current.registries, [registry.name]: registry } })
  }

  remove(name: string): void {
    const { [name]: _, ...registries } = this.#file.current.registries
    this.#file.replace({ registries })
  }

  putSchema(registry: SchemaRegistry, schema: Schema): void {
    this.put({ ...registry, schemas: { ...registry.schemas, [schema.name]: schema } })
  }

  removeSchema(registry: SchemaRegistry, name: string): void {
    const { [name]: _, ...schemas } = registry.schemas
    this.put({ ...registry, schemas })
  }
}
