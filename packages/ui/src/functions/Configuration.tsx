// What a function is configured with, to be read and changed: Lambda's own GetFunctionConfiguration and
// UpdateFunctionConfiguration. A change takes effect on the next call; published versions are only read.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState, type FormEvent, type ReactNode } from 'react'
import { listVersions, readConfiguration, updateConfiguration, type FunctionConfiguration } from '../aws-api.ts'
import { announce } from '../parts/announce.ts'
import { CopyButton } from '../parts/CopyButton.tsx'
import { Failure } from '../parts/Failure.tsx'
import { KeyValue } from '../parts/KeyValue.tsx'
import { Skeleton } from '../parts/Skeleton.tsx'
import { changeOf, formOf, type ConfigurationForm } from './configuration-form.ts'
import styles from './functions.module.css'

const LATEST = '$LATEST'

export function Configuration({ name }: { readonly name: string }): ReactNode {
  const { version = LATEST } = useSearch({ from: '/functions/$name' })
  const navigate = useNavigate({ from: '/functions/$name' })
  const { data, error, refetch } = useQuery({
    queryKey: ['configuration', name, version],
    queryFn: ({ signal }) => readConfiguration(name, version === LATEST ? undefined : version, signal),
  })
  const versions = useQuery({
    queryKey: ['versions', name],
    queryFn: ({ signal }) => listVersions(name, signal),
    retry: false,
  })
  if (error !== null)
    return <Failure what="The configuration could not be read" error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Skeleton label="Configuration" />
  const known = [...new Set([LATEST, ...(versions.data ?? []).map(({ Version }) => Version), version])]
  return (
    <div className={styles['scroll']} tabIndex={0} role="region" aria-label="Configuration">
      <div className={styles['form']}>
        {known.length > 1 && (
          <label className={styles['field']}>
            <span>Version</span>
            <select
              value={version}
              onChange={({ target }) =>
                void navigate({
                  search: (before) => ({ ...before, version: target.value === LATEST ? undefined : target.value }),
                })
              }
            >
              {known.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </label>
        )}
        {/* Another version, or what was stored meanwhile, is another form. */}
        <Form key={JSON.stringify(data)} configuration={data} isPublished={data.Version !== LATEST} />
        <section>
          <h2>Fixed by its deployment</h2>
          <KeyValue values={fixedOf(data)} />
        </section>
      </div>
    </div>
  )
}

function fixedOf(configuration: FunctionConfiguration): Readonly<Record<string, unknown>> {
  return {
    ARN: configuration.FunctionArn,
    Runtime: configuration.Runtime ?? '',
    Architecture: configuration.Architectures?.join(', ') ?? '',
    'Ephemeral storage': `${configuration.EphemeralStorage?.Size ?? 512} MB`,
    'Log group': configuration.LoggingConfig?.LogGroup ?? '',
    'Log format': configuration.LoggingConfig?.LogFormat ?? '',
    'SHA-256 of its code': configuration.CodeSha256 ?? '',
  }
}

interface FormProps {
  readonly configuration: FunctionConfiguration
  readonly isPublished: boolean
}

function Form({ configuration, isPublished }: FormProps): ReactNode {
  const [form, setForm] = useState(() => formOf(configuration))
  const queries = useQueryClient()
  const change = changeOf(form, configuration)
  const name = configuration.FunctionName
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => updateConfiguration(name, change ?? {}),
    onSuccess: async () => {
      announce('Stored. The next call has it.')
      await Promise.all([
        queries.invalidateQueries({ queryKey: ['configuration', name] }),
        queries.invalidateQueries({ queryKey: ['functions'] }),
      ])
    },
  })
  const set = (part: Partial<ConfigurationForm>): void => setForm((before) => ({ ...before, ...part }))
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (change !== undefined) mutate()
  }
  return (
    <form className={styles['form']} onSubmit={submit} aria-label="Configuration">
      {isPublished && <p role="status">A published version never changes. Choose $LATEST to edit.</p>}
      <fieldset disabled={isPublished || isPending}>
        <legend className="unseen">Configuration</legend>
        <label className={styles['field']}>
          <span>Active tracing</span>
          <span>
            <input
              type="checkbox"
              checked={form.tracing === 'Active'}
              onChange={({ target }) => set({ tracing: target.checked ? 'Active' : 'PassThrough' })}
            />{' '}
            {form.tracing}
          </span>
        </label>
        <label className={styles['field']}>
          <span>Handler</span>
          <input type="text" value={form.handler} onChange={({ target }) => set({ handler: target.value })} />
        </label>
        <label className={styles['field']}>
          <span>Description</span>
          <input type="text" value={form.description} onChange={({ target }) => set({ description: target.value })} />
        </label>
        <label className={styles['field']}>
          <span>Memory, MB</span>
          <input
            type="number"
            value={form.memoryMb}
            min={128}
            max={10240}
            onChange={({ target }) => set({ memoryMb: target.value })}
          />
        </label>
        <label className={styles['field']}>
          <span>Timeout, seconds</span>
          <input
            type="number"
            value={form.timeoutSeconds}
            min={1}
            max={900}
            onChange={({ target }) => set({ timeoutSeconds: target.value })}
          />
        </label>
        <label className={styles['field']}>
          <span>Layers, an ARN a line</span>
          <textarea
            rows={Math.max(2, form.layers.split('\n').length)}
            value={form.layers}
            onChange={({ target }) => set({ layers: target.value })}
          />
        </label>
      </fieldset>
      <Environment
        values={form.environment}
        isFixed={isPublished || isPending}
        onChange={(environment) => set({ environment })}
      />
      {error !== null && <Failure what="It was not stored" error={error} />}
      {!isPublished && (
        <div className="row">
          <button type="submit" className="primary" disabled={change === undefined || isPending}>
            {isPending ? 'Storing' : 'Save'}
          </button>
          <button
            type="button"
            disabled={change === undefined || isPending}
            onClick={() => setForm(formOf(configuration))}
          >
            Undo
          </button>
          <span className="dim">
            {change === undefined ? 'Nothing was changed.' : `To be changed: ${Object.keys(change).join(', ')}`}
          </span>
        </div>
      )}
    </form>
  )
}

interface EnvironmentProps {
  readonly values: ConfigurationForm['environment']
  readonly isFixed: boolean
  readonly onChange: (values: ConfigurationForm['environment']) => void
}

function Environment({ values, isFixed, onChange }: EnvironmentProps): ReactNode {
  const replace = (at: number, pair: readonly [string, string]): void =>
    onChange(values.map((one, index) => (index === at ? pair : one)))
  return (
    <fieldset disabled={isFixed}>
      <legend>Environment variables</legend>
      {values.map(([name, value], at) => (
        <div key={at} className={styles['pairs']}>
          <input
            type="text"
            aria-label={`Name of variable ${at + 1}`}
            value={name}
            onChange={({ target }) => replace(at, [target.value, value])}
          />
          <input
            type="text"
            aria-label={`Value of ${name || `variable ${at + 1}`}`}
            value={value}
            onChange={({ target }) => replace(at, [name, target.value])}
          />
          <span className="row">
            <CopyButton text={value} label={`Copy the value of ${name}`} />
            <button
              type="button"
              className="plain"
              aria-label={`Remove ${name || `variable ${at + 1}`}`}
              onClick={() => onChange(values.filter((_, index) => index !== at))}
            >
              Remove
            </button>
          </span>
        </div>
      ))}
      <div>
        <button type="button" onClick={() => onChange([...values, ['', '']])}>
          Add a variable
        </button>
      </div>
    </fieldset>
  )
}
