// A reporter for node --test: the files in which a test failed, a line each.
export default async function* failedFiles(source) {
  const files = new Set()
  for await (const { type, data } of source) if (type === 'test:fail' && data.file !== undefined) files.add(data.file)
  for (const file of files) yield `${file}\n`
}
