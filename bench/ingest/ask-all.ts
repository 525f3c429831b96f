// The questions of a subject, quiet and beside a sender at a given rate: latencies, and how many answers held what was
// asked for. An answer that is fast and empty is a problem, not a figure.
import { ask, startSending, type Asked, type SendOptions, type Sent } from './loadgen.ts'
import { progress } from './progress.ts'
import { QUESTIONS, type QuestionName, type RunningSubject } from './subject.ts'

export interface Answers {
  readonly spansBefore: number
  readonly quiet: Readonly<Partial<Record<QuestionName, Asked>>>
  readonly busy: Readonly<Partial<Record<QuestionName, Asked>>>
  /** What was sent meanwhile; absent where nothing could be. */
  readonly sent?: Sent
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
): Promise<Partial<Record<QuestionName, Asked>>> {
  const answers: Partial<Record<QuestionName, Asked>> = {}
  for (const name of QUESTIONS) {
    const question = running.questions[name]
    if (question === undefined) continue
    const answer = await ask(question, { count, idsFile, lastIds })
    progress(`${name} (${when}): p50 ${answer.ms?.p50 ?? '-'} ms, ${answer.hits} of ${answer.n} hit`)
    answers[name] = answer
    if (answer.hits === 0) problem(`${name} (${when}) found nothing: ${answer.failure || 'empty answers'}`)
    else if (answer.failure !== '') problem(`${name} (${when}): ${answer.failure}`)
  }
  return answers
}
