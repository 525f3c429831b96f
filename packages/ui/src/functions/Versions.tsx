// Published versions of a function, the aliases that point at them, and publishing one more: Lambda's own operations.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type FormEvent, type ReactNode } from 'react'
import { listAliases, listVersions, publishVersion, type Alias, type FunctionConfiguration } from '../aws-api.ts'
import { announce } from '../parts/announce.ts'
import { Failure } from '../parts/Failure.tsx'
import { PlainTable, type PlainColumn } from '../parts/PlainTable.tsx'
import { Skeleton } from '../parts/Skeleton.tsx'
import styles from './functions.module.css'

export function Versions({ name }: { readonly name: string }): ReactNode {
  const queries = useQueryClient()
  const [description, setDescription] = useState('')
  const { data, error, refetch } = useQuery({
    queryKey: ['versions', name],
    queryFn: ({ signal }) => listVersions(name, signal),
    retry: false,
  })
  const aliases = useQuery({
    queryKey: ['aliases', name],
    queryFn: ({ signal }) => listAliases(name, signal),
    retry: false,
  })
  const publish = useMutation({
    mutationFn: () => publishVersion(name, description),
    onSuccess: async ({ Version }) => {
      announce(`Version ${Version} was published.`)
      setDescription('')
      await queries.invalidateQueries({ queryKey: ['versions', name] })
    },
  })
  if (error !== null)
    return <Failure what="The versions could not be read" error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Skeleton label="Versions" />
  const columns: readonly PlainColumn<FunctionConfiguration>[] = [
    {
      name: 'Version',
      render: ({ Version }) => (
        <Link
          to="/functions/$name"
          params={{ name }}
          search={(before) => ({
            ...before,
            tab: 'configuration',
            version: Version === '$LATEST' ? undefined : Version,
          })}
        >
          {Version}
        </Link>
      ),
    },
    { name: 'Aliases', render: ({ Version }) => aliasesOf(aliases.data ?? [], Version) },
    { name: 'Description', render: ({ Description }) => Description },
    { name: 'Handler', render: ({ Handler }) => Handler },
    { name: 'Memory', number: true, render: ({ MemorySize }) => `${MemorySize} MB` },
    { name: 'Tracing', render: ({ TracingConfig }) => TracingConfig.Mode },
    { name: 'Changed', render: ({ LastModified }) => LastModified },
  ]
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    publish.mutate()
  }
  return (
    <div className={styles['scroll']} tabIndex={0} role="region" aria-label="Versions">
      <div className={styles['cold']}>
        <PlainTable columns={columns} rows={data.toReversed()} rowKey={({ Version }) => Version} />
        <form className="row" onSubmit={submit} aria-label="Publish a version">
          <label className="row grow">
            Description
            <input
              type="text"
              className="grow"
              value={description}
              onChange={({ target }) => setDescription(target.value)}
            />
          </label>
          <button type="submit" disabled={publish.isPending}>
            Publish a version of $LATEST
          </button>
        </form>
        {publish.error !== null && <Failure what="It was not published" error={publish.error} />}
      </div>
    </div>
  )
}

function aliasesOf(aliases: readonly Alias[], version: string): string {
  return aliases
    .filter(({ FunctionVersion }) => FunctionVersion === version)
    .map(({ Name }) => Name)
    .join(', ')
}
