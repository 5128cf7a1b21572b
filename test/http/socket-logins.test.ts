import { expect, test } from "vitest";
import {
  NotAdmitted,
  type WatchedSocket,
  admissions,
  watchLogins,
} from "../../server/http/socket-logins.ts";
import type { Authenticator, User } from "../../server/people/model.ts";
import { localBus } from "../../server/storage/bus.ts";

test("a screen whose session was ended closes when its hint comes, and also when only the loss of hints is told", async () => {
  const ended = new Set<string>();
  const authenticator = {
    bySession: async (token: string) => (ended.has(token) ? null : { kind: "user" }),
  } as unknown as Authenticator;
  const said: string[] = [];
  const sockets = new Set<WatchedSocket>();
  for (const id of ["1", "2", "3"]) {
    const socket: WatchedSocket = {
      data: { user: { id } as User, session: `session ${id}` },
      emit: (_event, reason) => said.push(`${id} ${reason}`),
      disconnect: () => sockets.delete(socket),
    };
    sockets.add(socket);
  }
  const bus = localBus((error) => {
    throw error;
  });
  const log = { warn: () => undefined };
  const stop = watchLogins({
    ...{ authenticator, bus, log, sockets: () => sockets, mayStay: async () => true },
  });
  ended.add("session 1");
  bus.publish("sessionsEnded", { userId: "1" });
  await expect.poll(() => said).toEqual(["1 loggedOut"]);
  ended.add("session 2");
  bus.publish("hintsLost", {});
  bus.publish("hintsLost", {});
  await expect.poll(() => said).toEqual(["1 loggedOut", "2 loggedOut"]);
  expect(sockets.size).toBe(1);
  stop();
  ended.add("session 3");
  bus.publish("hintsLost", {});
  expect(sockets.size).toBe(1);
});

test("of browsers that come all at once few are let in at a time, in the order they came, and who is refused holds nobody up", async () => {
  const admitting = admissions();
  const begun: number[] = [];
  let inside = 0;
  let mostInside = 0;
  const admit = async (n: number): Promise<number> => {
    begun.push(n);
    inside += 1;
    mostInside = Math.max(mostInside, inside);
    await new Promise((resolve) => setTimeout(resolve, 1));
    inside -= 1;
    if (n % 3 === 0) throw new NotAdmitted("notLoggedIn");
    return n;
  };
  const all = Array.from({ length: 100 }, (_, n) => n);
  const came = await Promise.allSettled(all.map((n) => admitting(() => admit(n))));
  expect(begun).toEqual(all);
  expect(mostInside).toBeGreaterThan(1);
  expect(mostInside).toBeLessThan(20);
  expect(came.map(({ status }) => status === "fulfilled")).toEqual(all.map((n) => n % 3 !== 0));
});
