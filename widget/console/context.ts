/** What every part of the console is given. */
import type { User } from "../../server/people/model.ts";
import type { ConsoleModel } from "./console-model.ts";
import type { Names } from "./sentences.ts";
import type { ConsoleWords } from "./words.ts";

export type ConsoleContext = {
  readonly words: ConsoleWords;
  readonly model: ConsoleModel;
  readonly names: Names;
  readonly user: User;
  /** True for admins; supervisors look. */
  readonly writes: boolean;
  /** Tells a screen reader, and shows for a moment when there is an `undo`. */
  readonly tell: (text: string, undo?: () => void) => void;
};
