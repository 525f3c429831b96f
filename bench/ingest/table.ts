// The figures as Markdown, subjects side by side.
import type { Answers } from './ask-all.ts'
import type { Figures } from './figures.ts'
import type { UdpFigures } from './measure-udp.ts'
import { QUESTIONS, type QuestionName } from './subject.ts'

type Cell = string | number | undefined

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]): string => `| ${cells.map((cell) => cell ?? '-').join(' | ')} |`
  return [line(head), line(head.map((_, at) => (at === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}

export function ingestTable(all: readonly Figures[]): string {
  return table(
    [
      'ingest',
      'acked spans/s',
      'request p50/p95 ms',
      'CPU s per 1 M, timed run',
      'with merges, all',
      'spans',
      'B/span of tables; whole directory',
      'peak RSS MB (sampled; sum of peaks)',
      'RSS fresh/settled MB',
      'start s',
      'stop/restart s',
      'idle RSS/PSS MB',
      'idle CPU %',
    ],
    all.map((each) => [
      `${each.subject}, ${each.protocol}`,
      each.timed.acked_spans_per_s.toLocaleString('en'),
      each.timed.request_ms === null ? undefined : `${each.timed.request_ms.p50}/${each.timed.request_ms.p95}`,
      byProcess(each.cpuSecondsPerMillion.timed),
      byProcess(each.cpuSecondsPerMillion.settled),
      millions(each.spans),
      each.disk && `${each.disk.tablesBytesPerSpan ?? '-'}; ${each.disk.bytesPerSpan}`,
      `${each.memoryMb.mostSampled}; ${each.memoryMb.peaks['sum']}`,
      `${each.idleFreshMb.rss}/${each.memoryMb.settled}`,
      each.startSeconds,
      each.restart && `${each.restart.stopSeconds}/${each.restart.startSeconds}`,
      each.restart && `${each.restart.idleMb.rss}/${each.restart.idleMb.pss ?? '-'}`,
      each.restart?.idleCpuPercent,
    ]),
  )
}

/** 5.1 (fnscope 2.9, engine 2.2) */
function byProcess({ total, ...roles }: Readonly<Record<string, number>>): string {
  const parts = Object.entries(roles).map(([role, seconds]) => `${role} ${seconds}`)
  return parts.length > 1 ? `${total} (${parts.join(', ')})` : `${total}`
}

function millions(spans: number): string {
  return `${(spans / 1e6).toFixed(2)} M`
}

/** p50/p95 in milliseconds, quiet and busy; what was found in part of the answers says so. */
export function questionsTable(all: readonly { readonly title: string; readonly answers: Answers }[]): string {
  const rows = all.flatMap(({ title, answers }) =>
    (['quiet', 'busy'] as const).map((when) => [
      title,
      millions(answers.spansBefore),
      when === 'quiet' ? when : `${answers.sent?.acked_spans_per_s.toLocaleString('en') ?? '-'} spans/s`,
      ...QUESTIONS.map((name) => latencies(answers[when], name)),
    ]),
  )
  return table(['p50/p95 ms', 'spans', 'beside', ...QUESTIONS.map((name) => name.replaceAll('_', ' '))], rows)
}

/** What one question costs where nothing else is done, of those that can say. */
export function workTable(all: readonly { readonly title: string; readonly answers: Answers }[]): string {
  const rows = all.flatMap(({ title, answers }) =>
    QUESTIONS.flatMap((name) => {
      const { ms, work } = answers.quiet[name] ?? {}
      if (work === undefined) return []
      const { cpuMs, statements, rows: rowsRead, granules } = work
      const cpu = Object.entries(cpuMs).map(([role, each]) => `${role} ${each}`)
      return [
        [
          title,
          name.replaceAll('_', ' '),
          ms?.p50,
          cpu.join(', '),
          statements,
          rowsRead.toLocaleString('en'),
          granules,
        ],
      ]
    }),
  )
  return rows.length === 0
    ? ''
    : table(['one question, quiet', '', 'p50 ms', 'CPU ms', 'SQL statements', 'rows read', 'granules'], rows)
}

function latencies(answers: Answers['quiet'], name: QuestionName): Cell {
  const answer = answers[name]
  if (answer === undefined) return undefined
  if (answer.hits === 0 || answer.ms === null) return 'found nothing'
  const hits = answer.hits < answer.n ? ` (${answer.hits} of ${answer.n} hit)` : ''
  return `${short(answer.ms.p50)}/${short(answer.ms.p95)}${hits}`
}

function short(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : ms.toFixed(0)
}

/** Disk by table, of those that can say. */
export function disksTable(all: readonly Figures[]): string {
  const rows = all.flatMap(({ subject, protocol, spans, disk }) =>
    Object.entries(disk?.tables ?? {}).map(([name, { bytes, rows: count, parts }]) => [
      `${subject}, ${protocol}`,
      name,
      (bytes / spans).toFixed(1),
      count.toLocaleString('en'),
      parts,
    ]),
  )
  return rows.length === 0 ? '' : table(['disk', 'table', 'B/span', 'rows', 'parts'], rows)
}

export function udpTable(name: string, each: UdpFigures): string {
  return table(
    [
      'X-Ray UDP',
      'documents/s asked',
      'sent',
      'loss %',
      'of it kernel',
      'of it dropped',
      'CPU s per 1 M',
      'peak RSS MB',
    ],
    [
      [
        name,
        each.documentsPerSecond.asked.toLocaleString('en'),
        each.documentsPerSecond.sent.toLocaleString('en'),
        each.lossPercent,
        each.lostByKernel,
        each.dropped,
        byProcess(each.cpuSecondsPerMillion),
        each.memoryMb.mostSampled,
      ],
    ],
  )
}
