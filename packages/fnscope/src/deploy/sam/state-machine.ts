// AWS::Serverless::StateMachine: the machine, its role, version and alias, and what its events add. It is listed, not run.
import { isMap, mapAt } from '../template-value.ts'
import type { EventTarget } from './event-target.ts'
import { expandEvents } from './events.ts'
import type { Expansion, SamResource } from './expansion.ts'
import { getAtt, ownAttributes, passedOn, ref, resource, s3Location, tagList, written } from './parts.ts'
import { executionRole } from './role.ts'

export function expandStateMachine({ id, source, properties }: SamResource, into: Expansion): void {
  const { Definition, DefinitionUri, DefinitionSubstitutions, Logging, Name, Role, Tracing, Type } = properties
  const s3 = s3Location(DefinitionUri)
  const attributes = passedOn(source)
  into.add(
    id,
    resource(
      'AWS::StepFunctions::StateMachine',
      {
        DefinitionString:
          Definition === undefined
            ? undefined
            : { 'Fn::Join': ['\n', JSON.stringify(Definition, null, 4).split('\n')] },
        DefinitionS3Location:
          s3 === undefined ? DefinitionUri : written({ Bucket: s3.bucket, Key: s3.key, Version: s3.version }),
        DefinitionSubstitutions,
        LoggingConfiguration: Logging,
        StateMachineName: Name,
        RoleArn: Role ?? getAtt(`${id}Role`, 'Arn'),
        StateMachineType: Type,
        TracingConfiguration: Tracing,
        Tags: tagList(properties['Tags'], 'stateMachine:createdBy'),
      },
      ownAttributes(source),
    ),
  )
  const alias = expandAlias({ id, source, properties }, into)
  const useAlias = properties['UseAliasAsEventTarget'] === true && alias !== undefined
  const target: EventTarget = {
    id,
    kind: 'stateMachine',
    arn: ref(useAlias ? alias : id),
    name: ref(id),
    attributes,
    inline: [],
    managed: [],
    propagatedTags: undefined,
  }
  expandEvents(properties['Events'], target, into)
  if (Role !== undefined) return
  const traced = isMap(Tracing) && Tracing['Enabled'] === true
  into.add(
    `${id}Role`,
    executionRole({
      id,
      service: 'states',
      policies: properties['Policies'],
      managed: traced ? ['AWSXrayWriteOnlyAccess'] : [],
      inline: [],
      path: properties['RolePath'],
      boundary: properties['PermissionsBoundary'],
      tags: properties['Tags'],
      attributes,
    }),
  )
}

function expandAlias({ id, source, properties }: SamResource, into: Expansion): string | undefined {
  const name = into.known(properties['AutoPublishAlias'])
  if (typeof name !== 'string') return undefined
  const attributes = passedOn(source)
  into.add(
    `${id}Version`,
    resource(
      'AWS::StepFunctions::StateMachineVersion',
      { StateMachineArn: ref(id), StateMachineRevisionId: getAtt(id, 'StateMachineRevisionId') },
      { UpdateReplacePolicy: 'Retain', DeletionPolicy: 'Retain', ...attributes },
    ),
  )
  const preference = mapAt(properties['DeploymentPreference'], id)
  into.add(
    `${id}Alias${name}`,
    resource(
      'AWS::StepFunctions::StateMachineAlias',
      {
        Name: name,
        DeploymentPreference: {
          StateMachineVersionArn: ref(`${id}Version`),
          Type: preference['Type'] ?? 'ALL_AT_ONCE',
        },
      },
      attributes,
    ),
  )
  return `${id}Alias${name}`
}
