/** What carriers said, when it comes back from where it was kept: outside of the program, so its shape is checked. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";

const Text = Type.String({ maxLength: 2000 });
const Days = Type.Number();

const quotes = Compile(
  Type.Array(
    Type.Object({
      id: Text,
      provider: Text,
      service: Text,
      mode: Type.Union([
        Type.Literal("door"),
        Type.Literal("pickup"),
        Type.Literal("locker"),
        Type.Literal("post"),
      ]),
      priceMinor: Type.Integer({ minimum: 0 }),
      currency: Type.String({ maxLength: 3 }),
      days: Type.Union([Type.Null(), Type.Tuple([Days, Days])]),
      pointRequired: Type.Boolean(),
      told: Type.Union([Type.Literal("live"), Type.Literal("kept"), Type.Literal("estimate")]),
      validUntilMs: Type.Number(),
    }),
  ),
);
const points = Compile(
  Type.Array(
    Type.Object({
      id: Text,
      provider: Text,
      name: Text,
      address: Text,
      city: Text,
      hours: Text,
      cashAllowed: Type.Boolean(),
    }),
  ),
);

/** Whether these are `Quote`s. */
export const areQuotes = (value: unknown): boolean => quotes.Check(value);
/** Whether these are `PickUpPoint`s. */
export const arePoints = (value: unknown): boolean => points.Check(value);
