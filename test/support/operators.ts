/** Operators for tests and benchmarks: made in PostgreSQL, seated at a device, logged in without the login page. */
import { type Socket, io } from "socket.io-client";
import type {
  DeskCall,
  DeskState,
  DeskToServer,
  ServerToDesk,
} from "../../server/desk/protocol.ts";
import { applyChange } from "../../server/desk/screen.ts";
import { SESSION_COOKIE } from "../../server/http/auth.ts";
import { createSessions } from "../../server/people/sessions.ts";
import type { Storage } from "../../server/storage/database.ts";

/** Somebody who is logged in; `cookie` is the session cookie's value. */
export type SeatedOperator = {
  readonly userId: string;
  readonly login: string;
  readonly cookie: string;
};

/** Makes operators `op<extension>`, or as `loginOf` says, with these extensions. Their passwords fit nothing: only the cookie lets them in. */
export async function seatOperators(
  storage: Pick<Storage, "db">,
  pbx: string,
  extensions: readonly string[],
  loginOf: (extension: string) => string = (extension) => `op${extension}`,
): Promise<readonly SeatedOperator[]> {
  const { db } = storage;
  const sessions = createSessions({ db, crmTokenSecret: "" });
  const rows = await db
    .insertInto("users")
    .values(
      extensions.map((extension) => ({
        login: loginOf(extension),
        name: `Operator ${extension}`,
        role: "operator" as const,
        password_hash: "none",
      })),
    )
    .returningAll()
    .execute();
  await db
    .insertInto("operator_devices")
    .values(rows.map((row, at) => ({ user_id: row.id, pbx, extension: extensions[at]! })))
    .execute();
  const seated: SeatedOperator[] = [];
  for (const { id, login, name, role, language } of rows) {
    const { token } = await sessions.start({ id, login, name, role, language }, "test");
    seated.push({ userId: id, login, cookie: token });
  }
  return seated;
}

/** A screen without pixels: it follows the protocol, acknowledges, and can save wrap-ups as an operator would. */
export type Screen = {
  readonly socket: Socket<ServerToDesk, DeskToServer>;
  /** The state as the screen knows it; null before the first snapshot. */
  state(): DeskState | null;
  close(): void;
};

/** Opens a screen; `wrapUp` saves every due wrap-up at once, with the disposition it gives, until the server has it. */
export function openScreen(
  url: string,
  operator: SeatedOperator,
  options: { readonly wrapUp?: boolean | ((call: DeskCall) => string) } = {},
): Screen {
  const socket: Socket<ServerToDesk, DeskToServer> = io(`${url}/desk`, {
    transports: ["websocket"],
    forceNew: true,
    extraHeaders: { cookie: `${SESSION_COOKIE}=${operator.cookie}` },
  });
  let state: DeskState | null = null;
  const { wrapUp = false } = options;
  const saving = new Set<string>();
  const drafts = new Map<string, string>();
  const settle = () => {
    for (const call of state?.calls ?? []) {
      if (wrapUp === false || call.state !== "ended" || !call.needsWrapUp) continue;
      const { callId } = call;
      if (saving.has(callId)) continue;
      saving.add(callId);
      const draftId = drafts.get(callId) ?? crypto.randomUUID();
      drafts.set(callId, draftId);
      const disposition = wrapUp === true ? "other" : wrapUp(call);
      socket
        .timeout(5000)
        .emit("saveWrapUp", { draftId, callId, disposition, note: "" }, (late, reply) => {
          if (late === null && reply.ok) return;
          // As a person would: once more, a moment later.
          saving.delete(callId);
          setTimeout(settle, 500).unref();
        });
    }
  };
  socket.on("snapshot", (fresh, acknowledge) => {
    acknowledge();
    state = fresh;
    settle();
  });
  socket.on("change", (change, acknowledge) => {
    acknowledge();
    if (state !== null) state = applyChange(state, change);
    settle();
  });
  return { socket, state: () => state, close: () => void socket.disconnect() };
}
