/** A simulated PBX under load, in a process of its own, as its parent has it. */
import { fileURLToPath } from "node:url";
import { startChild } from "./children.ts";
import type { LoadAnswer, LoadCommand } from "./pop-load.ts";

/** Where its AMI is. */
export type LoadedPbx = Omit<Extract<LoadAnswer, { told: "started" }>, "told">;

/** One that runs. */
export type Load = {
  readonly ami: LoadedPbx;
  /** Calls for so long. @returns what rang meanwhile: for each leg's Uniqueid the epoch ms when its first telling bytes were written. */
  run(pace: Omit<Extract<LoadCommand, { do: "run" }>, "do">): Promise<{
    readonly rang: ReadonlyMap<string, number>;
    readonly calls: number;
  }>;
};

/** Starts one; it is gone with the parts it was started for. */
export async function startLoad(
  parts: AsyncDisposableStack,
  start: Omit<Extract<LoadCommand, { do: "start" }>, "do">,
): Promise<Load> {
  const child = startChild<LoadAnswer>(fileURLToPath(new URL("pop-load.ts", import.meta.url)));
  parts.defer(() => child.end());
  child.tell({ do: "start", ...start });
  const ami = await child.next();
  if (ami.told !== "started") throw new Error("the load did not start");
  return {
    ami,
    async run(pace) {
      child.tell({ do: "run", ...pace });
      const answer = await child.next();
      if (answer.told !== "done") throw new Error("the load answered something else");
      return { rang: new Map(answer.rang), calls: answer.calls };
    },
  };
}
