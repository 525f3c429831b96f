// What a client or producer span calls, from its attributes: the peer columns. Peers repeat from span to span, so each
// is worked out once and found again by the bytes that it came from.
import { peerOf, type Call } from '../span/peer.ts'
import type { SpanBatch } from '../span/span-batch.ts'
import { BytesMemo } from './bytes-memo.ts'
import { stringOf, TextWriter } from './otlp-text.ts'
import { LETTER, newValue, readValue } from './otlp-value.ts'
import { ProtobufReader } from './protobuf-reader.ts'
import { MEANING, meanings, type Meaning } from './semantic-keys.ts'
import type { SemanticSlots } from './semantic-slots.ts'
import { CLIENT } from '../span/span-kind.ts'

/** Everything that a call is described by, in the order in which it stands in the memo's key. */
const AWS_KEYS: readonly Meaning[] = [
  MEANING.remoteService,
  MEANING.rpcService,
  MEANING.awsService,
  MEANING.table,
  MEANING.channel,
  MEANING.bucket,
  MEANING.function,
  MEANING.destination,
]
const DATABASE_KEYS: readonly Meaning[] = [
  MEANING.databaseSystem,
  MEANING.remoteService,
  MEANING.databaseName,
  MEANING.host,
  MEANING.connection,
  MEANING.table,
]
const MESSAGING_KEYS: readonly Meaning[] = [
  MEANING.messagingSystem,
  MEANING.remoteService,
  MEANING.destination,
  MEANING.host,
]
const REMOTE_KEYS: readonly Meaning[] = [MEANING.remoteService, MEANING.rpcService, MEANING.host]
const URL_KEYS: readonly Meaning[] = [MEANING.url]
const ADDRESS_KEYS: readonly Meaning[] = [MEANING.peerAddress]

/** Without any of them nothing is called that has a name. */
export const CALL = meanings(
  MEANING.rpcSystem,
  ...AWS_KEYS,
  ...DATABASE_KEYS,
  ...MESSAGING_KEYS,
  ...URL_KEYS,
  ...ADDRESS_KEYS,
)

/** Behind each part of a memo's key. */
const SEPARATOR = 0

interface KnownPeer {
  readonly name: string
  readonly type: string
  /** The batch for which the indexes hold. */
  batch: number
  nameIndex: number
  typeIndex: number
}

export class PeerFinder {
  readonly #known = new BytesMemo<KnownPeer>({ entries: 4096, keyBytes: 1024 * 1024 })
  readonly #key = new TextWriter()
  readonly #reader = new ProtobufReader()
  readonly #value = newValue()
  #batch = 0

  begin(): void {
    this.#batch += 1
    this.#known.begin()
  }

  /** peerName and peerType of `row`, if the span calls something. @param kind client or producer @returns whether it calls AWS */
  put(batch: SpanBatch, row: number, wire: DataView, slots: SemanticSlots, kind: number): boolean {
    const aws = isAws(wire, slots)
    const peer = this.#find(wire, slots, kind, aws)
    if (peer.name === '') return aws
    if (peer.batch !== this.#batch) {
      peer.batch = this.#batch
      peer.nameIndex = batch.peerName.indexOf(peer.name)
      peer.typeIndex = batch.peerType.indexOf(peer.type)
    }
    batch.peerName.padTo(row)
    batch.peerName.pushIndex(peer.nameIndex)
    batch.peerType.padTo(row)
    batch.peerType.pushIndex(peer.typeIndex)
    return aws
  }

  #find(wire: DataView, slots: SemanticSlots, kind: number, aws: boolean): KnownPeer {
    if (aws) return this.#findBy(AWS_KEYS, wire, slots, kind)
    if (slots.hasText(MEANING.databaseSystem)) return this.#findBy(DATABASE_KEYS, wire, slots, kind)
    if (slots.hasText(MEANING.messagingSystem)) return this.#findBy(MESSAGING_KEYS, wire, slots, kind)
    const named = this.#findBy(REMOTE_KEYS, wire, slots, kind)
    if (named.name !== '' || kind !== CLIENT) return named
    // Hardly ever the same twice, so asked only where nothing else names the host.
    const byUrl = this.#findBy(URL_KEYS, wire, slots, kind)
    return byUrl.name === '' ? this.#findBy(ADDRESS_KEYS, wire, slots, kind) : byUrl
  }

  #findBy(keys: readonly Meaning[], wire: DataView, slots: SemanticSlots, kind: number): KnownPeer {
    const key = this.#key
    key.clear()
    key.byte(kind)
    key.byte(keys.length)
    for (let i = 0; i < keys.length; i++) {
      const meaning = keys[i]!
      const letter = slots.letter(meaning)
      if (letter !== 0) {
        key.byte(letter)
        if (keys === URL_KEYS) copyAuthority(key, wire, slots.start(meaning), slots.end(meaning))
        else key.copy(wire, slots.start(meaning), slots.end(meaning))
      }
      key.byte(SEPARATOR)
    }
    const known = this.#known.find(key.view, 0, key.length)
    if (known !== undefined) return known
    const found = peerOf(this.#callOf(keys, wire, slots, kind))
    const peer = { name: found?.name ?? '', type: found?.type ?? '', batch: 0, nameIndex: 0, typeIndex: 0 }
    this.#known.add(key.view, 0, key.length, peer)
    return peer
  }

  #callOf(keys: readonly Meaning[], wire: DataView, slots: SemanticSlots, kind: number): Call {
    const text = (meaning: Meaning): string => this.#text(wire, slots, meaning)
    switch (keys) {
      case AWS_KEYS:
        return awsCall(text)
      case DATABASE_KEYS:
        return databaseCall(text)
      case MESSAGING_KEYS:
        return messagingCall(text)
      case URL_KEYS:
        return { namespace: 'remote', name: hostOf(text(MEANING.url)) }
      case ADDRESS_KEYS:
        return { namespace: 'remote', name: text(MEANING.peerAddress) }
      default: {
        // A producer of no known system calls what it names, if it names anything.
        const own = kind === CLIENT ? text(MEANING.rpcService) || text(MEANING.host) : ''
        return { namespace: 'remote', name: text(MEANING.remoteService) || own }
      }
    }
  }

  /** A string, or the first string of an array; '' of anything else. */
  #text(wire: DataView, slots: SemanticSlots, meaning: Meaning): string {
    const letter = slots.letter(meaning)
    const end = slots.end(meaning)
    if (letter === LETTER.string) return stringOf(wire, slots.start(meaning), end)
    if (letter !== LETTER.json) return ''
    const reader = this.#reader
    reader.open(new Uint8Array(wire.buffer, wire.byteOffset, wire.byteLength))
    reader.at = slots.start(meaning)
    if (reader.tag() !== 0x0a) return ''
    const valueEnd = reader.length(end)
    readValue(reader, reader.at, valueEnd, this.#value)
    reader.close()
    return this.#value.letter === LETTER.string ? stringOf(wire, this.#value.start, this.#value.end) : ''
  }
}

function isAws(wire: DataView, slots: SemanticSlots): boolean {
  if (slots.hasText(MEANING.awsService)) return true
  if (!slots.hasText(MEANING.rpcSystem)) return false
  return isAwsApi(wire, slots.start(MEANING.rpcSystem), slots.end(MEANING.rpcSystem))
}

const AWS_API = 'aws-api'

function isAwsApi(wire: DataView, start: number, end: number): boolean {
  if (end - start !== AWS_API.length) return false
  for (let i = 0; i < AWS_API.length; i++) if (wire.getUint8(start + i) !== AWS_API.charCodeAt(i)) return false
  return true
}

type TextOf = (meaning: Meaning) => string

function awsCall(text: TextOf): Call {
  const channel = text(MEANING.channel) || text(MEANING.destination)
  // Application Signals writes AWS::DynamoDB and AWS.SDK.DynamoDB.
  const name = text(MEANING.remoteService) || text(MEANING.rpcService) || text(MEANING.awsService)
  return {
    namespace: 'aws',
    name: name.replace(/^AWS(?:::|\.SDK\.)/, ''),
    tableName: text(MEANING.table),
    queueUrl: channel,
    bucketName: text(MEANING.bucket),
    functionName: text(MEANING.function),
    topicName: channel,
  }
}

function databaseCall(text: TextOf): Call {
  const system = text(MEANING.databaseSystem)
  const name = text(MEANING.databaseName)
  if (system === 'dynamodb' || system === 'aws.dynamodb')
    return { namespace: 'aws', name: 'DynamoDB', tableName: text(MEANING.table) }
  const host = text(MEANING.host) || hostOf(text(MEANING.connection))
  const own = name === '' ? host : host === '' ? name : `${name}@${host}`
  return { namespace: 'remote', name: text(MEANING.remoteService) || own || system, databaseSystem: system }
}

function messagingCall(text: TextOf): Call {
  const system = text(MEANING.messagingSystem).toLowerCase()
  const destination = text(MEANING.destination)
  if (destination !== '') {
    if (/sqs/.test(system)) return { namespace: 'aws', name: 'SQS', queueUrl: destination }
    if (/^(?:aws|amazon).*sns/.test(system)) return { namespace: 'aws', name: 'SNS', topicName: destination }
  }
  return { namespace: 'remote', name: text(MEANING.remoteService) || destination || text(MEANING.host) }
}

/** Of `scheme://user@host:port/path` or of a JDBC string. */
function hostOf(url: string): string {
  const authority = /^(?:jdbc:)?[a-z][a-z0-9+.-]*:\/\/([^/?#;]*)/i.exec(url)?.[1] ?? ''
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  return host.startsWith('[') ? host.slice(0, host.indexOf(']') + 1) : host.replace(/:\d+$/, '')
}

const SLASH = 47

/** What of a URL its host depends on: all up to the path. */
function copyAuthority(key: TextWriter, wire: DataView, start: number, end: number): void {
  let at = start
  for (let slashes = 0; at < end; at++) if (wire.getUint8(at) === SLASH && ++slashes === 3) break
  key.copy(wire, start, at)
}
