// Whether this machine can run a file, from its first bytes: the machine an ELF program was built for, or a script's
// interpreter.
import { accessSync, closeSync, constants, existsSync, openSync, readSync, statSync } from 'node:fs'

const HEAD_BYTES = 256
const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46])
const ELF_MACHINES: Readonly<Record<number, string>> = {
  3: 'x86',
  40: 'arm',
  62: 'x86_64',
  183: 'arm64',
  243: 'riscv64',
}
const OWN_MACHINES: Readonly<Record<string, number>> = { x64: 62, arm64: 183, ia32: 3, arm: 40, riscv64: 243 }
const QEMU: Readonly<Record<number, string>> = { 62: 'qemu-x86_64', 183: 'qemu-aarch64', 40: 'qemu-arm' }
const MACH_O = new Set([0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe, 0xcafebabe])

/** The rest of a sentence, with the file's path in it; undefined: it can be run. */
export function whyNotRun(file: string): string | undefined {
  if (!statSync(file).isFile()) return `${file} is no file`
  try {
    accessSync(file, constants.X_OK)
  } catch {
    return `${file} is not executable (chmod +x)`
  }
  const head = headOf(file)
  if (head.subarray(0, 4).equals(ELF)) return otherMachine(file, head)
  if (head.length >= 4 && MACH_O.has(head.readUInt32BE(0))) {
    return process.platform === 'darwin' ? undefined : `${file} is a program for macOS`
  }
  if (head.toString('latin1', 0, 2) === 'MZ') return `${file} is a program for Windows`
  const script = /^#!\s*(\S+)([^\n]*)/.exec(head.toString('utf8'))
  if (!script) return head.length === 0 ? `${file} is empty` : `${file} is neither a Linux program nor a script (#!)`
  const interpreter = script[1]!
  if (script[2]!.endsWith('\r') || interpreter.endsWith('\r')) {
    return `${file} has Windows line ends, which its interpreter does not take`
  }
  if (existsSync(interpreter) || /^\/(?:opt|var\/task|var\/lang)\//.test(interpreter)) return undefined
  return `${file} wants the interpreter ${interpreter}, which is not there`
}

function headOf(file: string): Buffer {
  const descriptor = openSync(file, 'r')
  try {
    const bytes = Buffer.alloc(HEAD_BYTES)
    return bytes.subarray(0, readSync(descriptor, bytes, 0, HEAD_BYTES, 0))
  } finally {
    closeSync(descriptor)
  }
}

function otherMachine(file: string, head: Buffer): string | undefined {
  // Byte 5 says which end of a number comes first.
  const machine = head[5] === 2 ? head.readUInt16BE(18) : head.readUInt16LE(18)
  const named = ELF_MACHINES[machine] ?? `machine ${machine}`
  if (process.platform !== 'linux') return `${file} is a Linux program for ${named}, and this is ${process.platform}`
  if (machine === OWN_MACHINES[process.arch]) return undefined
  const emulator = QEMU[machine]
  if (emulator !== undefined && existsSync(`/proc/sys/fs/binfmt_misc/${emulator}`)) return undefined
  return `${file} is a program for ${named}, and this machine is ${process.arch === 'x64' ? 'x86_64' : process.arch}`
}
