// The questions of a subject, quiet and beside a sender at a given rate: latencies, and how many answers held what was
// asked for. An answer that is fast and empty is a problem, not a figure.
import { ask, startSending, warmUps, type Asked, type SendOptions, type Sent } from './loadgen.ts'
import { progress } from './progress.ts'
import { QUESTIONS, type QuestionName, type RunningSubject, type Work } from './subject.ts'

export interface Answers {
  readonly spansBefore: number
  readonly quiet: Readonly<Partial<Record<QuestionName, Answered>>>
  readonly busy: Readonly<Partial<Record<QuestionName, Answered>>>
  /** What was sent meanwhile; absent where nothing could be. */
  readonly sent?: Sent
}

export interface Answered extends Asked {
  /** Of one question, of all that the subject did meanwhile: only quiet it is the question's own. */
  readonly work?: {
    readonly cpuMs: Readonly<Record<string, number>>
    readonly statements: number
    readonly rows: number
    readonly granules: number
  }
}

export interface AskOptions {
  readonly running: RunningSubject
  readonly idsFile: string
  /** Of those at the end of the file: what a memory still holds. 0: all. */
  readonly lastIds: number
  readonly count: number
  readonly spansBefore: number
  /** The sender beside, without its ids: they are not stored for certain yet. */
  readonly beside: Omit<SendOptions, 'idsFile' | 'seconds'>
  readonly problem: (text: string) => void
}

/** The longest that all questions can take. */
const BUSY_SECONDS = 600
/** Caches warm, queues as full as they get. */
const BUSY_BEFORE_MS = 3000

export async function askAll(options: AskOptions): Promise<Answers> {
  const { spansBefore, beside } = options
  const quiet = await askEach(options, 'quiet')
  const sending = startSending({ ...beside, seconds: BUSY_SECONDS })
  try {
    await sending.began
    await new Promise((resolve) => setTimeout(resolve, BUSY_BEFORE_MS))
    const busy = await askEach(options, 'busy')
    return { spansBefore, quiet, busy, sent: await sending.end() }
  } finally {
    await sending.end().catch(() => {})
  }
}

async function askEach(
  { running, idsFile, lastIds, count, problem }: AskOptions,
  when: string,
): Promise<Partial<Record<QuestionName, Answered>>> {
  const answers: Partial<Record<QuestionName, Answered>> = {}
  for (const name of QUESTIONS) {
    const question = running.questions[name]
    if (question === undefined) continue
    const before = when === 'quiet' ? await running.work?.() : undefined
    const answer = await ask(question, { count, idsFile, lastIds })
    progress(`${name} (${when}): p50 ${answer.ms?.p50 ?? '-'} ms, ${answer.hits} of ${answer.n} hit`)
    const after = before === undefined ? undefined : await running.work?.()
    answers[name] =
      before === undefined || after === undefined
        ? answer
        : { ...answer, work: workOfOne(before, after, answer.n + warmUps(question)) }
    if (answer.hits === 0) problem(`${name} (${when}) found nothing: ${answer.failure || 'empty answers'}`)
    else if (answer.failure !== '') problem(`${name} (${when}): ${answer.failure}`)
  }
  return answers
}

function workOfOne(before: Work, after: Work, questions: number): NonNullable<Answered['work']> {
  const each = (from: number, to: number, digits: number): number => Number(((to - from) / questions).toFixed(digits))
  return {
    cpuMs: Object.fromEntries(
      Object.entries(after.cpuSeconds).map(([role, seconds]) => [
        role,
        each((before.cpuSeconds[role] ?? 0) * 1000, seconds * 1000, 1),
      ]),
    ),
    statements: each(before.statements, after.statements, 2),
    rows: each(before.rows, after.rows, 0),
    granules: each(before.granules, after.granules, 0),
  }
}
