// X-Ray's sampling rules: what is there, and making, changing and deleting one, by X-Ray's own operations.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'
import { deleteSamplingRule, putSamplingRule, readSamplingRules, type SamplingRule } from '../aws-api.ts'
import { announce } from '../parts/announce.ts'
import { Failure } from '../parts/Failure.tsx'
import { PlainTable, type PlainColumn } from '../parts/PlainTable.tsx'
import { Skeleton } from '../parts/Skeleton.tsx'
import { formOfRule, NEW_RULE, ruleOfForm, type RuleForm } from './sampling-rule-form.ts'
import styles from './settings.module.css'

const DEFAULT = 'Default'
/** All that can be changed of the default rule. */
const OF_DEFAULT: readonly (keyof RuleForm)[] = ['FixedRate', 'ReservoirSize']

const FIELDS: readonly (readonly [name: keyof RuleForm, label: string])[] = [
  ['RuleName', 'Name'],
  ['Priority', 'Priority, least first'],
  ['ReservoirSize', 'Always, requests a second'],
  ['FixedRate', 'Of the rest, percent'],
  ['ServiceName', 'Service name'],
  ['ServiceType', 'Service type'],
  ['Host', 'Host'],
  ['HTTPMethod', 'HTTP method'],
  ['URLPath', 'URL path'],
  ['ResourceARN', 'Resource ARN'],
]

const COLUMNS: readonly PlainColumn<SamplingRule>[] = FIELDS.slice(0, -1).map(([name, label]) => ({
  name: label,
  render: (rule) => formOfRule(rule)[name],
}))

export function SamplingRules(): ReactNode {
  const queries = useQueryClient()
  const [edited, setEdited] = useState<{ readonly rule: SamplingRule; readonly isNew: boolean }>()
  const { data, error, refetch } = useQuery({
    queryKey: ['sampling rules'],
    queryFn: ({ signal }) => readSamplingRules(signal),
  })
  const changed = async (said: string): Promise<void> => {
    announce(said)
    setEdited(undefined)
    await queries.invalidateQueries({ queryKey: ['sampling rules'] })
  }
  const remove = useMutation({
    mutationFn: (name: string) => deleteSamplingRule(name),
    onSuccess: (_, name) => changed(`The rule ${name} was deleted.`),
  })
  return (
    <section>
      <h2>Sampling rules</h2>
      <p className="dim">What X-Ray SDKs that ask are told to record. The first rule that fits a request decides.</p>
      {error !== null && <Failure what="The rules could not be read" error={error} onRetry={() => void refetch()} />}
      {remove.error !== null && <Failure what="The rule was not deleted" error={remove.error} />}
      {data === undefined ? (
        error === null && <Skeleton label="Sampling rules" rows={3} />
      ) : (
        <PlainTable
          columns={[
            ...COLUMNS,
            {
              name: 'Change',
              render: (rule) => (
                <span className="row">
                  <button
                    type="button"
                    aria-label={`Edit ${rule.RuleName}`}
                    onClick={() => setEdited({ rule, isNew: false })}
                  >
                    Edit
                  </button>
                  {rule.RuleName !== DEFAULT && (
                    <button
                      type="button"
                      aria-label={`Delete ${rule.RuleName}`}
                      disabled={remove.isPending}
                      onClick={() => remove.mutate(rule.RuleName)}
                    >
                      Delete
                    </button>
                  )}
                </span>
              ),
            },
          ]}
          rows={data}
          rowKey={({ RuleName }) => RuleName}
        />
      )}
      {edited === undefined ? (
        <p>
          <button type="button" onClick={() => setEdited({ rule: NEW_RULE, isNew: true })}>
            Add a rule
          </button>
        </p>
      ) : (
        <RuleEditor
          key={edited.rule.RuleName}
          rule={edited.rule}
          isNew={edited.isNew}
          onDone={() => changed('The rule was stored.')}
          onCancel={() => setEdited(undefined)}
        />
      )}
    </section>
  )
}

interface RuleEditorProps {
  readonly rule: SamplingRule
  readonly isNew: boolean
  readonly onDone: () => Promise<void>
  readonly onCancel: () => void
}

function RuleEditor({ rule, isNew, onDone, onCancel }: RuleEditorProps): ReactNode {
  const [form, setForm] = useState(() => formOfRule(rule))
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => putSamplingRule(ruleOfForm(form), isNew),
    onSuccess: onDone,
  })
  const isFixed = (name: keyof RuleForm): boolean =>
    (name === 'RuleName' && !isNew) || (rule.RuleName === DEFAULT && !OF_DEFAULT.includes(name))
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    mutate()
  }
  return (
    <form className={styles['rule']} onSubmit={submit} aria-label={isNew ? 'A new rule' : `Rule ${rule.RuleName}`}>
      {FIELDS.map(([name, label]) => (
        <label key={name}>
          {label}
          <input
            type="text"
            value={form[name]}
            disabled={isFixed(name)}
            onChange={({ target }) => setForm((before) => ({ ...before, [name]: target.value }))}
          />
        </label>
      ))}
      <div className="row">
        <button type="submit" className="primary" disabled={isPending}>
          Store the rule
        </button>
        <button type="button" onClick={onCancel}>
          Leave it
        </button>
      </div>
      {error !== null && (
        <div>
          <Failure what="The rule was not stored" error={error} />
        </div>
      )}
    </form>
  )
}
