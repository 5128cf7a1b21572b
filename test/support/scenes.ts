/** The stage of a test file: opened before its tests, cleared after each, closed after the last. Call one at the top of the file. */
import { afterAll, afterEach, beforeAll } from "vitest";
import { ConsoleStage } from "./console-stage.ts";
import { DeskStage } from "./desk-stage.ts";
import type { Stage } from "./stage.ts";

function staged<S extends Stage>(open: () => Promise<S>): () => S {
  let stage: S | null = null;
  beforeAll(async () => {
    stage = await open();
  });
  afterEach(() => stage?.clear());
  afterAll(() => stage?.close());
  return () => stage!;
}

/** Scenes of the console. */
export function consoleScenes(): Pick<ConsoleStage, "scene"> {
  const stage = staged(() => ConsoleStage.open());
  return { scene: (options) => stage().scene(options) };
}

/** Scenes of the operator's screen, and pages of other products that hold it. */
export function deskScenes(): Pick<DeskStage, "scene" | "host"> {
  const stage = staged(() => DeskStage.open());
  return { scene: (options) => stage().scene(options), host: (page) => stage().host(page) };
}
