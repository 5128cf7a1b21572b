import fc from "fast-check";
import { expect, test } from "vitest";
import { AmiText } from "../../server/asterisk/library.ts";
import { AmiError } from "../../server/asterisk/model.ts";
import { toRequest } from "../../server/asterisk/request.ts";
import type { ActionFields } from "../../server/asterisk/request.ts";

/** What asterisk-manager really writes for an action. */
function written(name: string, fields: ActionFields): string {
  let text = "";
  const ami = new AmiText(
    (part) => {
      text += part;
    },
    () => {},
  );
  ami.send("id-1", toRequest(name, fields));
  return text;
}

function refusal(name: string, fields: ActionFields): AmiError {
  try {
    toRequest(name, fields);
  } catch (error) {
    if (error instanceof AmiError) return error;
  }
  throw new Error("It was not refused");
}

test("An action is written with its id, and a header with several values is repeated", () => {
  const text = written("Originate", {
    Channel: "PJSIP/101",
    ChannelId: "attempt-1",
    Variable: ["A=1,2", "B==x", "A=1,2"],
  });
  expect(text.endsWith("\r\n\r\n")).toBe(true);
  expect(text.trimEnd().split("\r\n").toSorted()).toEqual([
    "Action: Originate",
    "ActionID: id-1",
    "Channel: PJSIP/101",
    "Channelid: attempt-1",
    "Variable: A=1,2",
    "Variable: A=1,2",
    "Variable: B==x",
  ]);
});

test.each(["\r", "\n", "\0", "x\r\nAction: Command", "\n\nAction: Originate"])(
  "A value with %j is refused before anything is sent, and the refusal does not repeat it",
  (value) => {
    const error = refusal("Setvar", { Channel: "PJSIP/101", Value: `secret${value}` });
    expect(error.code).toBe("invalid");
    expect(error.action).toBe("Setvar");
    expect(error.message).toContain("Value");
    expect(error.message).not.toContain("secret");
    expect(refusal("Setvar", { Value: ["fine", `secret${value}`] }).code).toBe("invalid");
  },
);

test.each(["", "A B", "A:", "A\r\nB", "A\nAction: Command", "Action", "actionid", "ActionID", "é"])(
  "A header named %j is refused",
  (key) => {
    expect(refusal("Ping", { [key]: "1" }).code).toBe("invalid");
  },
);

test.each(["", "Ping\r\nAction: Command", "Core Show", "Ping\0"])(
  "An action named %j is refused",
  (name) => {
    expect(refusal(name, {}).code).toBe("invalid");
  },
);

test("A line may have 1024 bytes with its end, counted in UTF-8, and not one more", () => {
  const room = 1024 - "Value: ".length - "\r\n".length;
  expect(() => toRequest("Setvar", { Value: "a".repeat(room) })).not.toThrow();
  expect(refusal("Setvar", { Value: "a".repeat(room + 1) }).message).toContain("1024");
  expect(refusal("Setvar", { Value: "ж".repeat(room / 2 + 1) }).code).toBe("invalid");
});

test("128 headers may be sent, and not one more", () => {
  const variables = Array.from({ length: 126 }, (_, number) => `V${number}=1`);
  expect(() => toRequest("Originate", { Variable: variables })).not.toThrow();
  expect(refusal("Originate", { Variable: [...variables, "last=1"] }).message).toContain("128");
});

test("A value that is not text is refused, whatever the types say", () => {
  for (const value of [1, null, undefined, {}, [1]]) {
    expect(refusal("Ping", { A: value } as unknown as ActionFields).code).toBe("invalid");
  }
});

test("No fields whatsoever make more lines than they say", () => {
  const texts = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(fc.dictionary(fc.oneof(texts, fc.constant("Key")), texts), (fields) => {
      let text: string;
      try {
        text = written("Ping", fields);
      } catch (error) {
        expect(error).toBeInstanceOf(AmiError);
        return;
      }
      const lines = text.slice(0, -4).split(/[\r\n]+/);
      expect(lines.length).toBe(Object.keys(fields).length + 2);
      expect(lines.filter((line) => /^action\s*:/i.test(line))).toEqual(["Action: Ping"]);
    }),
  );
});
