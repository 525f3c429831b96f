// How long data is kept as a form's texts, and what another choice deletes in words.
import type { ConsoleRetentionDays, ConsoleRetentionPreview } from '../../../fnscope/src/api/console-types.ts'
import { count, moment } from '../format.ts'

export type RetentionForm = { readonly [Signal in keyof ConsoleRetentionDays]: string }

export function formOfRetention({ spansDays, logsDays, metricsDays }: ConsoleRetentionDays): RetentionForm {
  return { spansDays: String(spansDays), logsDays: String(logsDays), metricsDays: String(metricsDays) }
}

/** What is no number is left to the server to refuse. */
export function retentionOfForm({ spansDays, logsDays, metricsDays }: RetentionForm): ConsoleRetentionDays {
  return { spansDays: Number(spansDays), logsDays: Number(logsDays), metricsDays: Number(metricsDays) }
}

const DAY_MS = 86_400_000
/** Of a moment's characters: no seconds. */
const MINUTE = 'YYYY-MM-DD hh:mm'.length

/** One sentence for each signal of which something is deleted: how much, and older than when. */
export function deletionsOf(preview: ConsoleRetentionPreview, nowMs: number): readonly string[] {
  const { spansDays, logsDays, metricsDays, deletes } = preview
  const line = (rows: number, what: string, days: number): string[] =>
    rows === 0
      ? []
      : [`${count(rows)} ${what}${rows === 1 ? '' : 's'} from before ${moment(nowMs - days * DAY_MS).slice(0, MINUTE)}`]
  return [
    ...line(deletes.spans, 'span', spansDays),
    ...line(deletes.logs, 'log line', logsDays),
    ...line(deletes.metrics, 'metric point', metricsDays),
  ]
}
