// X-Ray's filter language: text to a FilterExpression, or the reason and the place why not. AWS publishes no grammar; what
// its guide leaves open is decided here: ! before AND before OR, conditions side by side are joined by AND.
import type {
  AnnotationTest,
  CauseItem,
  CauseKind,
  FilterExpression,
  Known,
  NodePattern,
  NumberOperator,
  NumberTest,
  TextOperator,
  TextTest,
} from './expression.ts'
import { FilterError } from './filter-error.ts'
import { KEYWORDS, nearestKeyword, ROOT_CAUSES, SCOPE_NAMES, type Scope } from './keywords.ts'
import { parseRootCauses } from './parse-root-causes.ts'
import { tokenize, type Token } from './tokens.ts'

export interface ParseOptions {
  /** A group's own expression, '' for one that takes every trace; undefined when there is no such group. */
  readonly groupFilter?: ((by: 'name' | 'arn', value: string) => string | undefined) | undefined
}

const MAX_CHARACTERS = 8192
const MAX_DEPTH = 50
/** Each may cost the store a look of its own. */
const MAX_CONDITIONS = 100
/** One inside the other. */
const MAX_GROUPS = 5
const SHOWN_CHARACTERS = 40

const WORD_OPERATORS: ReadonlySet<string> = new Set(['contains', 'beginswith', 'endswith'])
const RESERVED: ReadonlySet<string> = new Set(['and', 'or', 'not', ...WORD_OPERATORS])
const MEANT: ReadonlyMap<string, string> = new Map([
  ['startswith', 'BEGINSWITH'],
  ['like', 'CONTAINS'],
  ['matches', 'CONTAINS'],
  ['includes', 'CONTAINS'],
])

/** Undefined for an expression that is blank: it takes every trace. @throws FilterError */
export function parseFilter(text: string, options: ParseOptions = {}): FilterExpression | undefined {
  return new Parser(text, options, []).parse()
}

class Parser {
  readonly #text: string
  readonly #options: ParseOptions
  /** Groups whose expressions this one stands in, outermost first. */
  readonly #within: readonly string[]
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0
  #conditions = 0

  constructor(text: string, options: ParseOptions, within: readonly string[]) {
    this.#text = text
    this.#options = options
    this.#within = within
    if (text.length > MAX_CHARACTERS)
      throw new FilterError(
        text,
        MAX_CHARACTERS,
        `it has ${text.length} characters, and at most ${MAX_CHARACTERS} are taken. Ask several questions instead.`,
      )
    this.#tokens = tokenize(text)
  }

  parse(): FilterExpression | undefined {
    if (this.#tokens.length === 1) return undefined
    const expression = this.#or('trace')
    const { kind, text, at } = this.#token
    if (kind === 'end') return expression
    if (kind === 'symbol' && (text === ')' || text === '}')) throw this.#error(`this ${text} closes nothing.`, at)
    throw this.#error('AND, OR or the end is expected here.', at)
  }

  get #token(): Token {
    return this.#tokens[this.#next]!
  }

  #error(reason: string, at = this.#token.at): FilterError {
    return new FilterError(this.#text, at, reason)
  }

  #isSymbol(text: string): boolean {
    return this.#token.kind === 'symbol' && this.#token.text === text
  }

  #isWord(lower: string): boolean {
    return this.#token.kind === 'word' && this.#token.text.toLowerCase() === lower
  }

  #take(text: string): boolean {
    if (!this.#isSymbol(text)) return false
    this.#next++
    return true
  }

  #expect(text: string, why: string): void {
    if (!this.#take(text)) throw this.#error(`${text} is expected here: ${why}`)
  }

  #or(scope: Scope): FilterExpression {
    const parts = [this.#and(scope)]
    while (this.#isWord('or')) {
      this.#next++
      parts.push(this.#and(scope))
    }
    return parts.length === 1 ? parts[0]! : { is: 'or', of: parts }
  }

  #and(scope: Scope): FilterExpression {
    const parts = [this.#unary(scope)]
    for (;;) {
      if (this.#isWord('and')) this.#next++
      else if (!this.#startsCondition()) break
      parts.push(this.#unary(scope))
    }
    return parts.length === 1 ? parts[0]! : { is: 'and', of: parts }
  }

  #startsCondition(): boolean {
    const { kind, text } = this.#token
    if (kind === 'symbol') return text === '!' || text === '('
    return kind === 'word' && (!RESERVED.has(text.toLowerCase()) || this.#isWord('not'))
  }

  #unary(scope: Scope): FilterExpression {
    if (this.#depth === MAX_DEPTH) throw this.#error(`it is nested more than ${MAX_DEPTH} deep.`)
    this.#depth++
    const expression = this.#nested(scope)
    this.#depth--
    return expression
  }

  #nested(scope: Scope): FilterExpression {
    if (this.#isSymbol('!') || this.#isWord('not')) {
      this.#next++
      return { is: 'not', of: this.#unary(scope) }
    }
    const { at } = this.#token
    if (!this.#take('(')) return this.#condition(scope)
    const inner = this.#or(scope)
    if (!this.#take(')')) throw this.#unclosed('(', ')', at)
    return inner
  }

  #unclosed(open: string, close: string, at: number): FilterError {
    const found = this.#token.kind === 'end' ? '' : `, and something else stands where AND, OR or ${close} is expected`
    const { position } = new FilterError(this.#text, at, '')
    return this.#error(`the ${open} at character ${position + 1} is not closed${found}.`)
  }

  #condition(scope: Scope): FilterExpression {
    const token = this.#token
    const lower = token.text.toLowerCase()
    if (token.kind === 'end') throw this.#error('a condition is missing here, such as: duration > 1')
    if (token.kind !== 'word' || RESERVED.has(lower))
      throw this.#error(`a condition begins with a keyword, and ${shown(token)} is none.`)
    this.#next++
    if (++this.#conditions > MAX_CONDITIONS)
      throw this.#error(`it has more than ${MAX_CONDITIONS} conditions. Ask several questions instead.`, token.at)
    if (lower === 'annotation' || lower.startsWith('annotation.')) return this.#annotation(scope, token)
    if (lower === 'service' || lower === 'edge') return this.#nodes(scope, token, lower)
    if (lower === 'group.name' || lower === 'group.arn') return this.#group(scope, token, lower)
    if (lower === 'json' || lower === 'rootcause.json') return this.#rootCauseJson(scope, token)
    if (lower.startsWith('rootcause')) return this.#rootCause(scope, token, lower)
    return this.#simple(scope, token, lower)
  }

  #simple(scope: Scope, token: Token, lower: string): FilterExpression {
    const keyword = KEYWORDS.get(lower)
    if (keyword === undefined) throw this.#unknown(token)
    if (!keyword.in.includes(scope))
      throw this.#error(
        `${keyword.keyword} does not belong to ${SCOPE_NAMES[scope]}, but inside ${keyword.in.map((one) => SCOPE_NAMES[one]).join(' or ')}.`,
        token.at,
      )
    if (keyword.is === 'flag') return this.#flag({ is: 'flag', keyword: keyword.keyword })
    if (keyword.is === 'number') {
      const operator = this.#operator()
      const test: NumberTest | Known = operator === undefined ? { op: 'known' } : this.#numberTest(lower, operator)
      return { is: 'number', keyword: keyword.keyword, test }
    }
    const operator = this.#operator()
    const test: TextTest | Known = operator === undefined ? { op: 'known' } : this.#textTest(lower, operator)
    return { is: 'text', keyword: keyword.keyword, test }
  }

  #unknown(token: Token): FilterError {
    const operator = MEANT.get(token.text.toLowerCase())
    const near = operator ?? nearestKeyword(token.text)
    const meant = near === undefined ? '' : ` Did you mean ${near}?`
    return this.#error(`${shown(token)} is no keyword.${meant}`, token.at)
  }

  #flag(flag: Extract<FilterExpression, { readonly is: 'flag' }>): FilterExpression {
    const operator = this.#operator()
    if (operator === undefined) return flag
    const op = operator.text
    if (op !== '=' && op !== '!=')
      throw this.#error(`${flag.keyword} is true or false: it is compared with = or !=, not with ${op}.`, operator.at)
    const value = this.#boolean()
    if (value === undefined)
      throw this.#error(`${flag.keyword} is true or false: it cannot be compared with ${shown(this.#token)}.`)
    this.#next++
    return value === (op === '=') ? flag : { is: 'not', of: flag }
  }

  /** Whether the next token says true or false; undefined when it is something else. */
  #boolean(): boolean | undefined {
    const { kind, text } = this.#token
    const lower = text.toLowerCase()
    if ((kind !== 'word' && kind !== 'text') || (lower !== 'true' && lower !== 'false')) return undefined
    return lower === 'true'
  }

  /** Takes an operator with two sides; its text is in lower case. */
  #operator(): Token | undefined {
    const token = this.#token
    const lower = token.text.toLowerCase()
    const isOne =
      token.kind === 'word' ? WORD_OPERATORS.has(lower) : token.kind === 'symbol' && /^(!=|[<>]=?|=)$/.test(token.text)
    if (!isOne) return undefined
    this.#next++
    return { ...token, text: lower }
  }

  #numberTest(keyword: string, operator: Token): NumberTest {
    if (WORD_OPERATORS.has(operator.text))
      throw this.#error(`${keyword} is a number: ${operator.text.toUpperCase()} is for text.`, operator.at)
    const token = this.#token
    if (token.kind !== 'number')
      throw this.#error(`${keyword} is a number: a number is expected here, not ${shown(token)}.`)
    this.#next++
    return { op: operator.text as NumberOperator, value: this.#numberOf(token) }
  }

  #numberOf(token: Token): number {
    const value = Number(token.text)
    if (!Number.isFinite(value)) throw this.#error('this number is too large.', token.at)
    return value
  }

  #textTest(keyword: string, operator: Token): TextTest {
    if (/^[<>]/.test(operator.text))
      throw this.#error(
        `${keyword} is text: it is compared with =, !=, CONTAINS, BEGINSWITH or ENDSWITH, not with ${operator.text}.`,
        operator.at,
      )
    return { op: operator.text as TextOperator, value: this.#textOf(`${keyword} is text`) }
  }

  /** Text in quotes, or a single word without them. */
  #textOf(why: string): string {
    const token = this.#token
    const isWord = token.kind === 'word' && this.#boolean() === undefined && !RESERVED.has(token.text.toLowerCase())
    if (token.kind !== 'text' && !isWord) throw this.#error(`${why}: "text" is expected here, not ${shown(token)}.`)
    this.#next++
    const after = this.#token
    if (isWord && after.at === token.end && after.kind !== 'end' && !/^[)},]$/.test(after.text))
      throw this.#error('text with other signs than letters stands in double quotes, "like this".', token.at)
    return token.text
  }

  #annotation(scope: Scope, token: Token): FilterExpression {
    if (scope !== 'trace' && scope !== 'service' && scope !== 'edge')
      throw this.#error(`annotations do not belong to ${SCOPE_NAMES[scope]}.`, token.at)
    const key = this.#annotationKey(token)
    const operator = this.#operator()
    return { is: 'annotation', key, test: operator === undefined ? { op: 'set' } : this.#annotationTest(operator) }
  }

  #annotationKey(token: Token): string {
    const dotted = token.text.slice('annotation.'.length)
    if (dotted !== '') return dotted
    if (this.#token.kind !== 'key' || token.text.length > 'annotation'.length)
      throw this.#error('the key is missing: annotation.key or annotation[key].', token.end)
    return this.#tokens[this.#next++]!.text
  }

  #annotationTest(operator: Token): AnnotationTest {
    const { kind } = this.#token
    const op = operator.text
    if (kind === 'number') {
      if (WORD_OPERATORS.has(op)) throw this.#error(`${op.toUpperCase()} is for text: put the value in double quotes.`)
      return this.#numberTest('annotation', operator)
    }
    const value = kind === 'word' ? this.#boolean() : undefined
    if (value !== undefined) {
      if (op !== '=' && op !== '!=')
        throw this.#error(`true and false are compared with = or !=, not with ${op.toUpperCase()}.`, operator.at)
      this.#next++
      return { op, value }
    }
    const test = this.#textTest('this annotation', operator)
    return test.op === 'contains' && test.value === '' ? { op: 'known' } : test
  }

  #nodes(scope: Scope, token: Token, keyword: 'service' | 'edge'): FilterExpression {
    if (scope !== 'trace')
      throw this.#error(`${keyword}() cannot stand inside ${SCOPE_NAMES[scope]}: join them with AND.`, token.at)
    const example = keyword === 'service' ? 'service("name")' : 'edge("caller", "callee")'
    this.#expect('(', `${example}.`)
    if (keyword === 'service') {
      const node = this.#isSymbol(')') ? {} : this.#node()
      this.#expect(')', `${example}.`)
      return { is: 'service', node, ...this.#braces('service') }
    }
    const from = this.#node()
    this.#expect(',', `edge() wants both its ends, ${example}.`)
    const to = this.#node()
    this.#expect(')', `${example}.`)
    return { is: 'edge', from, to, ...this.#braces('edge') }
  }

  #node(): NodePattern {
    const at = this.#next
    if (this.#isWord('id')) {
      this.#next++
      if (this.#take('(')) return this.#id()
      this.#next = at
    }
    return { name: this.#textOf('a service is named') }
  }

  #id(): NodePattern {
    const node: { name?: string; type?: string; accountId?: string } = {}
    const members = { name: 'name', type: 'type', 'account.id': 'accountId' } as const
    do {
      const { kind, text, at } = this.#token
      const member = kind === 'word' ? text.toLowerCase() : ''
      if (!Object.hasOwn(members, member))
        throw this.#error('id() takes name, type and account.id, as in id(name: "api", type: "AWS::Lambda").')
      const key = members[member as keyof typeof members]
      if (node[key] !== undefined) throw this.#error(`${member} is said twice.`, at)
      this.#next++
      this.#expect(':', `${member}: "…".`)
      node[key] = this.#textOf(`${member} is text`)
    } while (this.#take(','))
    this.#expect(')', 'the end of id(…).')
    return node
  }

  /** Conditions in braces, if there are any. */
  #braces(scope: Scope): { readonly where?: FilterExpression } {
    const { at } = this.#token
    if (!this.#take('{')) return {}
    if (this.#isSymbol('}')) throw this.#error('a condition is missing between the braces.')
    const where = this.#or(scope)
    if (!this.#take('}')) throw this.#unclosed('{', '}', at)
    return { where }
  }

  #group(scope: Scope, token: Token, keyword: 'group.name' | 'group.arn'): FilterExpression {
    if (scope !== 'trace') throw this.#error(`${keyword} does not belong to ${SCOPE_NAMES[scope]}.`, token.at)
    const operator = this.#operator()
    if (operator === undefined || (operator.text !== '=' && operator.text !== '!='))
      throw this.#error(`${keyword} is compared with = or !=.`, operator?.at)
    const { at } = this.#token
    const value = this.#textOf(`${keyword} is text`)
    const name = `${keyword} = ${JSON.stringify(value)}`
    const filter = this.#options.groupFilter?.(keyword === 'group.arn' ? 'arn' : 'name', value)
    if (filter === undefined) throw this.#error(`there is no group with ${name}.`, at)
    if (this.#within.includes(filter) || this.#within.length === MAX_GROUPS)
      throw this.#error(`the group with ${name} asks for itself, or is nested too deep.`, at)
    const own = this.#groupExpression(name, filter, at)
    return operator.text === '=' ? own : { is: 'not', of: own }
  }

  #groupExpression(name: string, filter: string, at: number): FilterExpression {
    try {
      return new Parser(filter, this.#options, [...this.#within, filter]).parse() ?? { is: 'and', of: [] }
    } catch (error) {
      if (!(error instanceof FilterError)) throw error
      throw this.#error(`of the group with ${name}: ${error.message}`, at)
    }
  }

  #rootCause(scope: Scope, token: Token, lower: string): FilterExpression {
    if (!ROOT_CAUSES.has(lower)) throw this.#unknown(token)
    if (scope !== 'trace')
      throw this.#error(`${lower} cannot stand inside ${SCOPE_NAMES[scope]}: join them with AND.`, token.at)
    const [, cause, item] = lower.split('.') as [string, CauseKind, CauseItem]
    const inner: Scope = cause === 'responsetime' && item === 'entity' ? 'timed entity' : `cause ${item}`
    return { is: 'rootCause', cause, item, ...this.#braces(inner) }
  }

  #rootCauseJson(scope: Scope, token: Token): FilterExpression {
    if (scope !== 'trace')
      throw this.#error(`${token.text} cannot stand inside ${SCOPE_NAMES[scope]}: join them with AND.`, token.at)
    const operator = this.#operator()
    if (operator === undefined || (operator.text !== '=' && operator.text !== '!='))
      throw this.#error(`${token.text} is compared with = or !=, as in rootcause.json = #[{"Services": […]}].`)
    const { kind, text, at } = this.#token
    if (kind !== 'json') throw this.#error('a JSON array behind a # is expected here: #[{"Services": […]}].')
    this.#next++
    const causes = parseRootCauses(text, (reason) => this.#error(reason, at))
    return operator.text === '=' ? { is: 'rootCauseJson', causes } : { is: 'not', of: { is: 'rootCauseJson', causes } }
  }
}

/** A token as a message names it. */
function shown({ kind, text }: Token): string {
  if (kind === 'end') return 'the end'
  const characters = Array.from(text)
  const short =
    characters.length > SHOWN_CHARACTERS ? `${characters.slice(0, SHOWN_CHARACTERS).join('')}…` : characters.join('')
  return kind === 'number' || kind === 'symbol' ? short : JSON.stringify(short)
}
