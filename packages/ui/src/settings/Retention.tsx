// How long each signal is kept, and setting it: what another choice deletes is said before it is carried out.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'
import type { ConsoleRetention, ConsoleRetentionPreview } from '../../../fnscope/src/api/console-types.ts'
import { api } from '../api.ts'
import { announce } from '../parts/announce.ts'
import { Dialog } from '../parts/Dialog.tsx'
import { Failure } from '../parts/Failure.tsx'
import { Skeleton } from '../parts/Skeleton.tsx'
import { deletionsOf, formOfRetention, retentionOfForm, type RetentionForm } from './retention-form.ts'
import styles from './settings.module.css'

const FIELDS: readonly (readonly [name: keyof RetentionForm, label: string])[] = [
  ['spansDays', 'Spans, days'],
  ['logsDays', 'Log lines, days'],
  ['metricsDays', 'Metrics, days'],
]

export function Retention(): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['retention'],
    queryFn: ({ signal }) => api.retention({}, signal),
  })
  return (
    <section>
      <h2>Retention</h2>
      <p className="dim">
        What is older is deleted and no longer taken in. A log group with a retention of its own keeps no more than
        that.
      </p>
      {error !== null && (
        <Failure what="The retention could not be read" error={error} onRetry={() => void refetch()} />
      )}
      {data === undefined ? (
        error === null && <Skeleton label="Retention" rows={2} />
      ) : (
        <RetentionEditor key={JSON.stringify(data)} kept={data} />
      )}
    </section>
  )
}

function RetentionEditor({ kept }: { readonly kept: ConsoleRetention }): ReactNode {
  const queries = useQueryClient()
  const [form, setForm] = useState(() => formOfRetention(kept))
  const asked = useMutation({
    mutationFn: () => api.previewRetention({ ...retentionOfForm(form) }),
  })
  const stored = useMutation({
    mutationFn: (preview: ConsoleRetentionPreview) => api.putRetention(preview),
    onSuccess: async () => {
      announce('The retention was stored.')
      await queries.invalidateQueries()
    },
    onSettled: () => asked.reset(),
  })
  const isSame = FIELDS.every(([name]) => Number(form[name]) === kept[name])
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    stored.reset()
    asked.mutate()
  }
  return (
    <form className={styles['rule']} onSubmit={submit} aria-label="Retention">
      {FIELDS.map(([name, label]) => (
        <label key={name}>
          {label}
          <input
            type="text"
            inputMode="decimal"
            value={form[name]}
            disabled={kept.fixed}
            onChange={({ target }) => setForm((before) => ({ ...before, [name]: target.value }))}
          />
        </label>
      ))}
      <div className="row">
        <button type="submit" className="primary" disabled={kept.fixed || isSame || asked.isPending}>
          Change the retention
        </button>
        {kept.fixed && (
          <span className="dim">
            Named at the start by <code>--retention</code> or <code>FNSCOPE_RETENTION</code>: start fnscope without it
            to set it here.
          </span>
        )}
      </div>
      {asked.error !== null && (
        <div>
          <Failure what="What it would delete could not be read" error={asked.error} />
        </div>
      )}
      {stored.error !== null && (
        <div>
          <Failure what="The retention was not stored" error={stored.error} />
        </div>
      )}
      {asked.data !== undefined && (
        <Confirmation
          preview={asked.data}
          isPending={stored.isPending}
          onLeave={() => asked.reset()}
          onStore={() => stored.mutate(asked.data)}
        />
      )}
    </form>
  )
}

interface ConfirmationProps {
  readonly preview: ConsoleRetentionPreview
  readonly isPending: boolean
  readonly onLeave: () => void
  readonly onStore: () => void
}

function Confirmation({ preview, isPending, onLeave, onStore }: ConfirmationProps): ReactNode {
  const [deletions] = useState(() => deletionsOf(preview, Date.now()))
  const { spansDays, logsDays, metricsDays } = preview
  return (
    <Dialog label="Change the retention" onClose={onLeave} className={styles['confirmation']}>
      <h2>Change the retention</h2>
      <p>
        Spans are kept for {spansDays}, log lines for {logsDays}, metrics for {metricsDays} days.
      </p>
      {deletions.length === 0 ? (
        <p>Nothing that is here now is that old: nothing is deleted.</p>
      ) : (
        <>
          <p>This is deleted at once, with what the map and the lists know of that time:</p>
          <ul>
            {deletions.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
          <p>
            <strong>It cannot be brought back.</strong>
          </p>
        </>
      )}
      <div className="row">
        <button type="button" onClick={onLeave}>
          Leave it as it is
        </button>
        <button type="button" className="primary" disabled={isPending} onClick={onStore}>
          {deletions.length === 0 ? 'Store it' : 'Delete and store it'}
        </button>
      </div>
    </Dialog>
  )
}
