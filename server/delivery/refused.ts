/** A carrier that answered, and said no: that is no fault of the line to it. */
export class RefusedByCarrier extends Error {
  readonly why: "refused" | "notServed" | "tooLarge";
  /** @param said its own words, for the operator; "" for none. */
  constructor(why: RefusedByCarrier["why"], said: string, options?: ErrorOptions) {
    super(`${why}: ${said}`, options);
    this.name = "RefusedByCarrier";
    this.why = why;
    this.said = said.slice(0, 300);
  }
  readonly said: string;
}
