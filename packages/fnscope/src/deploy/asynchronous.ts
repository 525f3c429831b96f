// How a function's asynchronous invocations end, and what it has provisioned: properties of a SAM function, or resources
// of their own beside a Lambda one (AWS::Lambda::EventInvokeConfig, AWS::Lambda::Alias).
import type { AsynchronousSpec, FunctionSpec } from '../functions/function-spec.ts'
import { Properties, type AppContext } from './app-context.ts'
import { typeOf } from './template-value.ts'
import { functionNameOf } from './trigger-context.ts'
import type { ValueReader } from './value-reader.ts'

export function readAsynchronous(
  context: AppContext,
  name: string,
  properties: Properties,
): Pick<FunctionSpec, 'asynchronous' | 'provisionedConcurrency'> {
  const about = (type: string): Properties[] =>
    Object.entries(context.resources)
      .filter(([, resource]) => typeOf(resource) === type)
      .map(([id]) => new Properties(context, id))
      .filter((other) => functionNameOf(other.text('FunctionName') ?? '').split(':')[0] === name)
  const configs = [properties.inner('EventInvokeConfig'), ...about('AWS::Lambda::EventInvokeConfig')]
  const asynchronous: AsynchronousSpec = Object.assign({}, ...configs.map(readConfig), readDeadLetters(properties))
  const provisioned = [properties, ...about('AWS::Lambda::Alias')].flatMap(
    (reader) =>
      reader.inner('ProvisionedConcurrencyConfig').integer('ProvisionedConcurrentExecutions', 1, 100_000) ?? [],
  )
  return {
    ...(Object.keys(asynchronous).length === 0 ? {} : { asynchronous }),
    ...(provisioned[0] === undefined ? {} : { provisionedConcurrency: provisioned[0] }),
  }
}

function readConfig(config: ValueReader): AsynchronousSpec {
  const maximumRetryAttempts = config.integer('MaximumRetryAttempts', 0, 2)
  const maximumEventAgeSeconds = config.integer('MaximumEventAgeInSeconds', 60, 21_600)
  const destinations = config.inner('DestinationConfig')
  const onSuccessArn = destinations.inner('OnSuccess').text('Destination')
  const onFailureArn = destinations.inner('OnFailure').text('Destination')
  return {
    ...(maximumRetryAttempts === undefined ? {} : { maximumRetryAttempts }),
    ...(maximumEventAgeSeconds === undefined ? {} : { maximumEventAgeSeconds }),
    ...(onSuccessArn === undefined ? {} : { onSuccessArn }),
    ...(onFailureArn === undefined ? {} : { onFailureArn }),
  }
}

/** SAM calls it DeadLetterQueue. */
function readDeadLetters(properties: ValueReader): AsynchronousSpec {
  const deadLetterArn =
    properties.inner('DeadLetterQueue').text('TargetArn') ?? properties.inner('DeadLetterConfig').text('TargetArn')
  return deadLetterArn === undefined ? {} : { deadLetterArn }
}
