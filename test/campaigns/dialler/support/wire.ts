/** What a double of a PBX and a dialler in another process say to each other: JSON, one message a line. */
import type { PbxRecord, Progress } from "../../../../server/campaigns/ports.ts";
import type { SeenExtension } from "../../../../server/campaigns/dialler/operators.ts";

/** Every question is answered by one `answer` with its number. */
export type Question = { readonly n: number } & (
  | { readonly ask: "dial"; readonly id: string; readonly phone: string }
  | { readonly ask: "hangUp"; readonly id: string }
  | { readonly ask: "alive"; readonly ids: readonly string[] }
  | { readonly ask: "record"; readonly id: string }
);

export type Told =
  | { readonly tell: "answer"; readonly n: number; readonly is: unknown; readonly refused?: string }
  /** First on every connection: how the calls that live stand. */
  | {
      readonly tell: "snapshot";
      readonly extensions: readonly SeenExtension[];
      readonly living: readonly Progress[];
    }
  | { readonly tell: "extension"; readonly extension: SeenExtension }
  | { readonly tell: "progress"; readonly progress: Progress };

export type { PbxRecord };

/** Cuts a stream into lines and reads them. */
export function lines(read: (message: never) => void): (chunk: Buffer) => void {
  let rest = "";
  return (chunk) => {
    const parts = (rest + chunk.toString()).split("\n");
    rest = parts.pop()!;
    for (const part of parts) read(JSON.parse(part) as never);
  };
}

export function line(message: Question | Told): string {
  return `${JSON.stringify(message)}\n`;
}
