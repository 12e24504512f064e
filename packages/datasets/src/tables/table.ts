/** Records with named fields; `columns` in the order of the file. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** The line of the file, from 1, that each row ends on; unknown for tables from elsewhere. */
  readonly lines?: readonly number[];
}
