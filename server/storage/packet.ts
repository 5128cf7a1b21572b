/**
 * Prepared questions that travel to PostgreSQL as one: parsed and described where they are new, bound and executed one after the other, with
 * one Sync at the end, so that the answers come back in as few packets as they fill. In between it is one transaction for PostgreSQL, which
 * leaves out everything behind a question that fails.
 */
import pg from "pg";

/** A question with a name, which is its text's alone. */
export type Question = {
  readonly name: string;
  readonly text: string;
  readonly values?: unknown[];
};

/** Asked, and not answered yet. */
export type Asked = {
  readonly question: Question;
  readonly resolve: (answer: pg.QueryResult) => void;
  readonly reject: (error: unknown) => void;
};

/** What is written to. */
type Wire = pg.Connection & {
  /** Statements that PostgreSQL has parsed, and those that were sent to be parsed, by name. */
  readonly parsedStatements: Record<string, string>;
  readonly submittedNamedStatements: Record<string, string>;
  sync(): void;
};

/** A value as pg sends it; its types do not name it. */
const { prepareValue } = (
  pg as unknown as { readonly utils: { readonly prepareValue: (value: unknown) => unknown } }
).utils;

/** A column's values come as text, null for none. */
type DataRow = { readonly fields: readonly (string | null)[] };

/** How a statement's rows are read. */
type Columns = {
  readonly fields: pg.FieldDef[];
  readonly parsers: readonly ((text: string) => unknown)[];
  /** A row with nothing in it. */
  readonly empty: pg.QueryResultRow;
};

/**
 * The columns of each connection's statements, by name. PostgreSQL refuses a prepared statement whose columns would be others than when it
 * was parsed, so they are described once.
 */
const described = new WeakMap<Wire, Map<string, Columns>>();

const NO_COLUMNS: Columns = { fields: [], parsers: [], empty: {} };

/** A question under way, with what has come of its answer. */
type Under = {
  readonly asked: Asked;
  columns: Columns;
  readonly rows: pg.QueryResultRow[];
  /** Its values cannot be read. */
  fault: { readonly error: unknown } | null;
};

/** One packet, for `query` of a client that has nothing else under way. */
export class Packet implements pg.Submittable {
  #unanswered: Under[] = [];
  readonly #asked: readonly Asked[];
  readonly #done: (left: readonly Asked[], isLost: boolean) => void;
  /** Of the connection it was sent over. */
  #described: Map<string, Columns> | null = null;
  #isOver = false;

  /** @param done told once, with what PostgreSQL left out behind one that failed, and whether the connection is lost. */
  constructor(asked: readonly Asked[], done: (left: readonly Asked[], isLost: boolean) => void) {
    this.#asked = asked;
    this.#done = done;
  }

  /** Of the statement that is being answered: the client notes under it that it was parsed. */
  get name(): string {
    return this.#unanswered[0]?.asked.question.name ?? "";
  }
  get text(): string {
    return this.#unanswered[0]?.asked.question.text ?? "";
  }

  /** Called by the client, as are all below. */
  submit(connection: pg.Connection): void {
    const wire = connection as Wire;
    const known = (this.#described = describedOn(wire));
    wire.stream.cork();
    try {
      for (const asked of this.#asked) {
        const columns = write(wire, asked, known.get(asked.question.name));
        if (columns !== null) this.#unanswered.push({ asked, columns, rows: [], fault: null });
      }
    } finally {
      wire.sync();
      wire.stream.uncork();
    }
  }

  handleRowDescription({ fields }: { readonly fields: pg.FieldDef[] }): void {
    const under = this.#unanswered[0]!;
    under.columns = columnsOf(fields);
    this.#described?.set(under.asked.question.name, under.columns);
  }

  handleDataRow({ fields }: DataRow): void {
    const under = this.#unanswered[0]!;
    if (under.fault !== null) return;
    try {
      under.rows.push(rowOf(under.columns, fields));
    } catch (error) {
      under.fault = { error };
    }
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const { asked, columns, rows, fault } = this.#unanswered.shift()!;
    if (fault !== null) asked.reject(fault.error);
    // "SELECT 3"
    const [command = "", ...counts] = text.split(" ");
    const rowCount = counts.length > 0 ? Number(counts.at(-1)) : null;
    asked.resolve({ command, rowCount, oid: 0, fields: columns.fields, rows });
  }

  handleError(error: Error, connection: Wire): void {
    const [failed, ...left] = this.#unanswered;
    this.#unanswered = [];
    failed?.asked.reject(error);
    // Without PostgreSQL's own word it is the connection that failed, and nobody knows what became of the others.
    if (!(error instanceof pg.DatabaseError)) {
      for (const { asked } of left) asked.reject(error);
      this.#end([], true);
      return;
    }
    // These were left out before they were parsed.
    for (const { asked } of left) delete connection.submittedNamedStatements[asked.question.name];
    this.#end(
      left.map(({ asked }) => asked),
      error.severity === "FATAL",
    );
  }

  handleReadyForQuery(): void {
    this.#end([], false);
  }

  #end(left: readonly Asked[], isLost: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#done(left, isLost);
  }
}

/**
 * Writes a question, without a Sync and without asking again for columns that are known.
 * @returns the columns, when they are known; null, and nothing is written and the question fails, when its values cannot be.
 */
function write(
  wire: Wire,
  { question, reject }: Asked,
  known: Columns | undefined,
): Columns | null {
  const { name, text } = question;
  let values: unknown[] | undefined;
  try {
    values = question.values?.map((value) => prepareValue(value));
  } catch (error) {
    reject(error);
    return null;
  }
  const isNew =
    wire.parsedStatements[name] === undefined && wire.submittedNamedStatements[name] === undefined;
  if (isNew) {
    wire.parse({ name, text, types: [] }, true);
    wire.submittedNamedStatements[name] = text;
  }
  wire.bind({ statement: name, values } as never, true);
  if (isNew || known === undefined) wire.describe({ type: "P", name: "" }, true);
  wire.execute({}, true);
  return known ?? NO_COLUMNS;
}

function describedOn(wire: Wire): Map<string, Columns> {
  let known = described.get(wire);
  if (known === undefined) described.set(wire, (known = new Map<string, Columns>()));
  return known;
}

function columnsOf(fields: pg.FieldDef[]): Columns {
  return {
    fields,
    parsers: fields.map(({ dataTypeID }) => pg.types.getTypeParser(dataTypeID, "text")),
    empty: Object.fromEntries(fields.map(({ name }) => [name, null])),
  };
}

/** @throws what a parser throws. */
function rowOf({ fields, parsers, empty }: Columns, values: DataRow["fields"]): pg.QueryResultRow {
  const row: pg.QueryResultRow = { ...empty };
  for (let n = 0; n < values.length; n++) {
    const value = values[n]!;
    if (value !== null) row[fields[n]!.name] = parsers[n]!(value);
  }
  return row;
}
