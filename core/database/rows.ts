/**
 * Rows for a statement as one parameter: an array of a row type of the database, in PostgreSQL's binary format. An array
 * a column costs the server about 10 microseconds for each, however short, and the text form of each value besides
 * (docs/decisions/0010).
 *
 * The form is that of array_recv and record_recv in PostgreSQL's sources (arrayfuncs.c, rowtypes.c): big-endian numbers,
 * each value after its length, and the type of each column before it.
 */

/** How a column of a row type is written. `size` in bytes; -1 writes null. */
interface Column<Row> {
  readonly type: number;
  /** The value to write, or null. */
  readonly of: (row: Row) => unknown;
  readonly size: (value: never) => number;
  readonly write: (into: Buffer, at: number, value: never) => void;
}

type Of<Row, Value> = (row: Row) => Value | null | undefined;

/** Moments count from the year 2000, in microseconds. */
const EPOCH_MILLISECONDS = Date.UTC(2000, 0, 1);

const fixed = (bytes: number) => () => bytes;

/** The kinds of columns, each with PostgreSQL's number of its type (pg_type.dat). Absent values are null. */
export const column = {
  uuid: <Row>(of: Of<Row, string>): Column<Row> => ({
    type: 2950,
    of,
    size: fixed(16),
    write: (into, at, value: string) => void into.write(value.replaceAll('-', ''), at, 'hex'),
  }),
  text: <Row>(of: Of<Row, string>): Column<Row> => ({
    type: 25,
    of,
    size: (value: string) => Buffer.byteLength(value),
    write: (into, at, value: string) => void into.write(value, at),
  }),
  int2: <Row>(of: Of<Row, number>): Column<Row> => ({
    type: 21,
    of,
    size: fixed(2),
    write: (into, at, value: number) => void into.writeInt16BE(value, at),
  }),
  int4: <Row>(of: Of<Row, number>): Column<Row> => ({
    type: 23,
    of,
    size: fixed(4),
    write: (into, at, value: number) => void into.writeInt32BE(value, at),
  }),
  int8: <Row>(of: Of<Row, bigint>): Column<Row> => ({
    type: 20,
    of,
    size: fixed(8),
    write: (into, at, value: bigint) => void into.writeBigInt64BE(value, at),
  }),
  /** Bytes, given in hexadecimal. */
  bytea: <Row>(of: Of<Row, string>): Column<Row> => ({
    type: 17,
    of,
    size: (value: string) => value.length / 2,
    write: (into, at, value: string) => void into.write(value, at, 'hex'),
  }),
  /** Milliseconds since 1970. */
  timestamptz: <Row>(of: Of<Row, number>): Column<Row> => ({
    type: 1184,
    of,
    size: fixed(8),
    write: (into, at, value: number) => void into.writeBigInt64BE(BigInt(value - EPOCH_MILLISECONDS) * 1000n, at),
  }),
  /** JSON as text. */
  jsonb: <Row>(of: Of<Row, string>): Column<Row> => ({
    type: 3802,
    of,
    size: (value: string) => 1 + Buffer.byteLength(value),
    write: (into, at, value: string) => {
      into[at] = 1; // the version of jsonb's binary format
      into.write(value, at + 1);
    },
  }),
};

/** A row type of the schema `talktime`, with what goes into each of its columns, in their order. */
export interface RowType<Row> {
  readonly name: string;
  readonly columns: readonly Column<Row>[];
}

const ARRAY_HEADER = 20;

/** The rows as one array of the row type whose number in this database is `oid`. */
export function encodeRows<Row>({ columns }: RowType<Row>, oid: number, rows: readonly Row[]): Buffer {
  const values = rows.map((row) => columns.map(({ of }) => of(row)));
  let bytes = ARRAY_HEADER;
  for (const row of values) {
    bytes += 8 + columns.length * 8;
    for (const [index, value] of row.entries())
      if (value !== null && value !== undefined) bytes += columns[index]!.size(value as never);
  }
  const into = Buffer.allocUnsafe(bytes);
  // Dimensions, no nulls among the rows, their type; how many, counted from 1.
  let at = 0;
  for (const number of [1, 0, oid, rows.length, 1]) at = into.writeInt32BE(number, at);
  for (const row of values) {
    const start = at;
    at = into.writeInt32BE(columns.length, at + 4);
    for (const [index, value] of row.entries()) {
      const { type, size, write } = columns[index]!;
      at = into.writeInt32BE(type, at);
      if (value === null || value === undefined) {
        at = into.writeInt32BE(-1, at);
        continue;
      }
      const length = size(value as never);
      at = into.writeInt32BE(length, at);
      write(into, at, value as never);
      at += length;
    }
    into.writeInt32BE(at - start - 4, start);
  }
  return into;
}
