// Events of queues, topics, buckets and streams as Lambda hands them over: each source with the spelling of its own. Pure.

type Json = Readonly<Record<string, unknown>>

/** As ReceiveMessage answers it. */
export interface SqsMessage {
  readonly MessageId: string
  readonly ReceiptHandle: string
  readonly Body: string
  readonly MD5OfBody?: string
  readonly MD5OfMessageAttributes?: string
  readonly Attributes?: Readonly<Record<string, string>>
  readonly MessageAttributes?: Readonly<
    Record<string, { readonly DataType: string; readonly StringValue?: string; readonly BinaryValue?: string }>
  >
}

export interface Place {
  readonly arn: string
  readonly region: string
}

export function sqsRecord(message: SqsMessage, { arn, region }: Place, traceHeader: string | undefined): Json {
  const attributes = Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
    name,
    {
      ...(value.StringValue === undefined ? {} : { stringValue: value.StringValue }),
      ...(value.BinaryValue === undefined ? {} : { binaryValue: value.BinaryValue }),
      stringListValues: [],
      binaryListValues: [],
      dataType: value.DataType,
    },
  ])
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: {
      ...message.Attributes,
      ...(traceHeader === undefined ? {} : { AWSTraceHeader: traceHeader }),
    },
    messageAttributes: Object.fromEntries(attributes),
    ...(message.MD5OfMessageAttributes === undefined ? {} : { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: arn,
    awsRegion: region,
  }
}

/** @param envelope what SNS puts into a queue */
export function snsEvent(envelope: Json, subscriptionArn: string): Json {
  const { SigningCertURL, UnsubscribeURL, MessageAttributes, Subject, ...rest } = envelope
  return {
    Records: [
      {
        EventSource: 'aws:sns',
        EventVersion: '1.0',
        EventSubscriptionArn: subscriptionArn,
        Sns: {
          Type: rest['Type'],
          MessageId: rest['MessageId'],
          TopicArn: rest['TopicArn'],
          Subject: Subject ?? null,
          Message: rest['Message'],
          Timestamp: rest['Timestamp'],
          SignatureVersion: rest['SignatureVersion'] ?? '1',
          Signature: rest['Signature'] ?? 'local',
          SigningCertUrl: SigningCertURL ?? '',
          UnsubscribeUrl: UnsubscribeURL ?? '',
          MessageAttributes: MessageAttributes ?? {},
        },
      },
    ],
  }
}

export interface ObjectChange {
  readonly bucket: string
  readonly key: string
  /** `ObjectCreated:Put`, `ObjectRemoved:Delete` … */
  readonly name: string
  readonly size?: number
  readonly eTag?: string
  readonly timeMs: number
  readonly requestId: string
}

export function s3Event(change: ObjectChange, region: string, configurationId: string): Json {
  const { bucket, key, timeMs } = change
  return {
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: region,
        eventTime: new Date(timeMs).toISOString(),
        eventName: change.name,
        userIdentity: { principalId: 'AWS:local' },
        requestParameters: { sourceIPAddress: '127.0.0.1' },
        responseElements: { 'x-amz-request-id': change.requestId, 'x-amz-id-2': change.requestId },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId,
          bucket: { name: bucket, ownerIdentity: { principalId: 'local' }, arn: `arn:aws:s3:::${bucket}` },
          object: {
            key: encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+'),
            ...(change.size === undefined ? {} : { size: change.size }),
            ...(change.eTag === undefined ? {} : { eTag: change.eTag }),
            sequencer: timeMs.toString(16).toUpperCase().padStart(18, '0'),
          },
        },
      },
    ],
  }
}

/** @param record as GetRecords of DynamoDB Streams answers it */
export function dynamodbRecord(record: Json, { arn, region }: Place): Json {
  return {
    eventID: record['eventID'],
    eventName: record['eventName'],
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: region,
    dynamodb: record['dynamodb'],
    eventSourceARN: arn,
  }
}

/** @param record as GetRecords of Kinesis answers it; its data is base64 already */
export function kinesisRecord(record: Json, { arn, region }: Place, shardId: string): Json {
  return {
    kinesis: {
      kinesisSchemaVersion: '1.0',
      partitionKey: record['PartitionKey'],
      sequenceNumber: record['SequenceNumber'],
      data: record['Data'],
      approximateArrivalTimestamp: record['ApproximateArrivalTimestamp'],
    },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `${shardId}:${String(record['SequenceNumber'])}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: 'arn:aws:iam::000000000000:role/local',
    awsRegion: region,
    eventSourceARN: arn,
  }
}
