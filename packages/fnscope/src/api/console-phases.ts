// What a call of a function was made of, in milliseconds.
import type { FunctionPhases } from '../span/function-phases.ts'
import { nanosToMillis } from '../span/time.ts'
import type { ConsoleFunctionPhases } from './console-types.ts'

export function consolePhases(phases: FunctionPhases): ConsoleFunctionPhases {
  return {
    function: phases.function,
    cold: phases.cold,
    initMs: nanosToMillis(phases.initNanos),
    handlerMs: nanosToMillis(phases.handlerNanos),
    overheadMs: nanosToMillis(phases.overheadNanos),
  }
}
