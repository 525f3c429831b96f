// Whose point it is: the tag that says so, or the function that it names.
import type { Point } from './point.ts'

/** The service, the Lambda function's name, or `otherwise`. */
export function serviceOfPoint({ tags }: Point, otherwise: string): string {
  let name = otherwise
  for (const { key, value } of tags) {
    if (key === 'service') return value
    if (key === 'aws_lambda_function_name') name = value
  }
  return name
}
