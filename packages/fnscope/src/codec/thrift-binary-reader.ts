// TBinaryProtocol: numbers of fixed width, most significant byte first.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md
import { stringOf } from './otlp-text.ts'
import { ThriftError, ThriftReader, THRIFT_TYPE } from './thrift-reader.ts'

const VERSION_1 = 0x8001

export class ThriftBinaryReader extends ThriftReader {
  message(): { readonly name: string; readonly type: number } {
    const first = this.i32()
    // With a version in front, as every client of today writes it; before, the name's length stood first.
    if (first >= 0) {
      const name = this.#text(first)
      const type = this.view.getUint8(this.step(1))
      this.step(4)
      return { name, type }
    }
    if (first >>> 16 !== VERSION_1) throw new ThriftError('no message of the binary protocol', 0)
    const name = this.#text(this.i32())
    this.step(4)
    return { name, type: first & 0xff }
  }

  #text(size: number): string {
    if (size < 0) throw new ThriftError('a negative length', this.at)
    const start = this.step(size)
    return stringOf(this.view, start, this.at)
  }

  enter(): number {
    return 0
  }

  leave(): void {}

  nextField(): number {
    const { at } = this
    const type = this.bytes[at]
    if (type === THRIFT_TYPE.stop) {
      this.at = at + 1
      return type
    }
    if (type === undefined || at + 3 > this.bytes.length) throw new ThriftError('the body ends within a struct', at)
    this.field = this.view.getInt16(at + 1)
    this.at = at + 3
    return type
  }

  bool(): boolean {
    return this.view.getUint8(this.step(1)) !== 0
  }

  protected skipI16(): void {
    this.step(2)
  }

  /** An i16 that stands for an unsigned number. */
  u16(): number {
    return this.view.getUint16(this.step(2))
  }

  i32(): number {
    return this.view.getInt32(this.step(4))
  }

  i64(): number {
    const at = this.step(8)
    this.high = this.view.getInt32(at)
    return this.view.getInt32(at + 4)
  }

  double(): number {
    return this.view.getFloat64(this.step(8))
  }

  string(): number {
    const size = this.i32()
    const end = this.at + size
    if (size < 0 || end > this.bytes.length) throw new ThriftError('a length beyond the end of the body', this.at - 4)
    return end
  }

  list(): number {
    const type = this.view.getUint8(this.step(1))
    const count = this.checkCount(this.i32())
    this.elementType = type
    return count
  }

  protected map(): { readonly count: number; readonly key: number; readonly value: number } {
    const at = this.step(2)
    return { key: this.view.getUint8(at), value: this.view.getUint8(at + 1), count: this.checkCount(this.i32()) }
  }
}
