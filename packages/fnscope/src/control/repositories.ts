// ECR repositories by name: they hold no image here.
import { StateFile, type StateFileOptions } from './state-file.ts'

export interface Repository {
  readonly name: string
  readonly createdMs: number
  readonly tags: Readonly<Record<string, string>>
  readonly policy?: string
  readonly lifecyclePolicy?: string
}

interface State {
  readonly repositories: Readonly<Record<string, Repository>>
}

export class Repositories {
  readonly #file: StateFile<State>

  constructor(options: Pick<StateFileOptions<State>, 'path' | 'log'>) {
    this.#file = new StateFile({ ...options, empty: { repositories: {} } })
  }

  find(name: string): Repository | undefined {
    const { repositories } = this.#file.current
    return Object.hasOwn(repositories, name) ? repositories[name] : undefined
  }

  all(): readonly Repository[] {
    return Object.values(this.#file.current.repositories)
  }

  put(repository: Repository): void {
    const { repositories } = this.#file.current
    this.#file.replace({ repositories: { ...repositories, [repository.name]: repository } })
  }

  remove(name: string): void {
    const { [name]: _, ...repositories } = this.#file.current.repositories
    this.#file.replace({ repositories })
  }
}
