// A table of some rows, all drawn. In a narrow window each row is a card: its cells below one another with their names.
import type { ReactNode } from 'react'
import styles from './parts.module.css'

export interface PlainColumn<Row> {
  readonly name: string
  readonly number?: boolean
  readonly render: (row: Row) => ReactNode
}

export interface PlainTableProps<Row> {
  /** The first is what a row is called by. */
  readonly columns: readonly PlainColumn<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
}

export function PlainTable<Row>({ columns: [first, ...others], rows, rowKey }: PlainTableProps<Row>): ReactNode {
  if (first === undefined) return null
  const all = [first, ...others]
  return (
    <div className={styles['wide']}>
      <table className={styles['plainTable']}>
        <thead>
          <tr>
            {all.map(({ name, number }) => (
              <th key={name} scope="col" className={number ? 'number' : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              <th scope="row">{first.render(row)}</th>
              {others.map(({ name, number, render }) => (
                <td key={name} data-name={name} className={number ? 'number' : undefined}>
                  {render(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
