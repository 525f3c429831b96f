// What a waiting shell is told to become: a program with its variables and its directory, as text of the shell's language.
// By its standard input and not by its command line, which every user of the machine can list.

export interface CommandLine {
  readonly command: readonly string[]
  readonly cwd: string
}

/** @param cwd and command as the program sees them */
export function shellJob({ command, cwd }: CommandLine, variables: Readonly<Record<string, string>>): string {
  const exports = Object.entries(variables).flatMap(([name, value]) =>
    NAME.test(name) ? [`export ${name}=${quote(value)}`] : [],
  )
  // One descriptor for stdout, stderr and frames (3): only then is their order known.
  const program = `exec ${command.map(quote).join(' ')} </dev/null 2>&1 3>&1`
  return `${[...exports, `cd ${quote(cwd)} || exit 125`, 'unset OLDPWD', program].join('\n')}\n`
}

// No shell knows another, and no cloud takes one.
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
