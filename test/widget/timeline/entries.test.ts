import { expect, test } from "vitest";
import type { CallEndedHow } from "../../../server/calls/model.ts";
import type { TimelineEntry } from "../../../server/customers/timeline-model.ts";
import { createLocale } from "../../../widget/shared/locale.ts";
import { entryDetails, entryText, entryTitle } from "../../../widget/timeline/entries.ts";

const ru = createLocale("ru");
const entry = (own: Partial<TimelineEntry>): TimelineEntry => ({
  ...{ kind: "call", id: "1", at: "2026-11-22T10:00:00Z", code: "", title: "", text: "" },
  ...{ byName: "", amountMinor: null, currency: "", direction: "", ...own },
});
const details = (own: Partial<TimelineEntry>) =>
  entryDetails(entry(own), ru, (code) => ({ question: "Ответили на вопрос" })[code] ?? code);

test("every way in which a call ends has words", () => {
  const ways: readonly CallEndedHow[] = [
    ...(["completed", "abandoned", "unanswered", "lostSight", "merged"] as const),
  ];
  for (const code of ways) expect(details({ code })).toMatch(/^[а-яё ]+$/);
  expect(details({ code: "completed", title: "question", byName: "Анна" })).toBe(
    "поговорили, Ответили на вопрос, Анна",
  );
});

test("where a call back came from, and how it stands, are said in words", () => {
  const promised = entry({ kind: "callBack", code: "open", title: "promised" });
  expect(entryTitle(promised, ru)).toBe("Перезвон: обещанный звонок");
  expect(details(promised)).toBe("открыто");
});

test("of an offer: what was said to it, and why it was refused", () => {
  const refused = entry({ kind: "offer", code: "refused", title: "Мяч", text: "tooExpensive" });
  expect(entryTitle(refused, ru)).toBe("Предложили: Мяч");
  expect(details(refused)).toBe("отказались");
  expect(entryText(refused, ru)).toBe("Дорого");
  expect(details({ kind: "offer", code: "shown" })).toBe("показали");
  expect(entryText(entry({ kind: "note", text: "notNeeded" }), ru)).toBe("notNeeded");
});
