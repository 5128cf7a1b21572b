/** The promise of the product, on real Asterisk, with real SIP phones and a real browser: the card first, then the answer. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Lab, labStartMs, startLab } from "../support/lab.ts";
import { type House, eventually, maria, openHouse } from "./house.ts";

describe.each([22, 16] as const)("Asterisk %i", (version) => {
  let lab: Lab;
  let house: House;

  beforeAll(async () => {
    lab = await startLab({ version });
    // Before Callcard looks: a phone that was never on the line makes its operator "offline", not ready.
    await lab.phone("101", { answerAfterMs: "onCommand" });
    house = await openHouse({ ami: { ...lab, port: lab.amiPort } });
  }, labStartMs);
  afterAll(async () => {
    await house?.close();
  });
  afterEach(async () => {
    await lab.hangUpAll();
  });

  // The city line sends numbers as each of its operators likes to write them.
  test.each([
    ["+79130000001", "600"],
    ["89130000001", "600"],
    ["9130000001", "601"],
    ["0079130000001", "602"],
  ])(
    "a call from %s to queue %s shows its customer before the phone is answered",
    async (from, to) => {
      const phone = await lab.phone("101", { answerAfterMs: "onCommand" });
      const page = await house.screen(house.operators[0]!);
      const caller = await lab.call({ from, to });
      await phone.ringing();
      await page.getByRole("heading", { name: maria.name }).waitFor();
      expect(await page.getByText("Золото").first().isVisible()).toBe(true);
      expect(
        await page.getByText("№ 26-00417").or(page.getByText("26-00417")).first().isVisible(),
      ).toBe(true);
      expect(phone.events.map((event) => event.name)).not.toContain("answered");

      await phone.answer();
      await page
        .getByRole("main")
        .getByText("Разговор")
        .filter({ visible: true })
        .first()
        .waitFor();
      await caller.hangUp();
      await page.getByRole("radio", { name: "Ответили на вопрос" }).check();
      await page.getByRole("button", { name: "Сохранить" }).click();
      const { rows } = await eventually(async () => {
        const found = await house.database.pool.query<{
          missed: string;
          rang_at: Date;
          painted_at: Date;
          answered_at: Date;
          disposition: string;
          ended_how: string;
        }>(
          `select p.missed, p.rang_at, p.painted_at, c.answered_at, c.ended_how, w.disposition
         from calls c join pops p on p.call_id = c.id join wrap_ups w on w.call_id = c.id
         where p.painted_at is not null order by c.started_at desc limit 1`,
        );
        return found.rowCount === 1 && found;
      });
      const [row] = rows;
      expect(row).toMatchObject({ missed: "", disposition: "question", ended_how: "completed" });
      expect(row!.painted_at.getTime()).toBeGreaterThanOrEqual(row!.rang_at.getTime());
      expect(row!.painted_at.getTime()).toBeLessThan(row!.answered_at.getTime());
      await house.database.pool.query("delete from wrap_ups; delete from pops; delete from calls");
      await page.context().close();
    },
  );
});
