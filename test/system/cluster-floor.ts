/** The operators of a cluster at their screens: each remembers what cards came, and saves every wrap-up until it is told "saved". */
import { type Socket, io } from "socket.io-client";
import type {
  Card,
  DeskCall,
  DeskState,
  DeskToServer,
  ServerToDesk,
} from "../../server/desk/protocol.ts";
import { applyChange } from "../../server/desk/screen.ts";
import { SESSION_COOKIE } from "../../server/http/auth.ts";
import type { SeatedOperator } from "../support/operators.ts";

/** What one operator's screen showed. */
export type FloorScreen = {
  readonly operator: SeatedOperator;
  /** The composed card of each ring as it came first, and when; by the ring's id, which is the same on all processes. */
  readonly cards: ReadonlyMap<string, Card & { readonly atMs: number }>;
  /** When it lost its connection. */
  readonly lostAtMs: readonly number[];
  /** Wrap-ups that the server said are saved, by call. */
  readonly saved: ReadonlySet<string>;
  connected(): boolean;
  close(): void;
};

/** Opens a screen that comes back by itself, as the page does. */
export function openFloorScreen(url: string, operator: SeatedOperator): FloorScreen {
  const cards = new Map<string, Card & { readonly atMs: number }>();
  /** Painted, and not said to be written yet. */
  const unwritten = new Set<string>();
  const lostAtMs: number[] = [];
  const saved = new Set<string>();
  const saving = new Map<string, string>();
  let state: DeskState | null = null;
  const socket: Socket<ServerToDesk, DeskToServer> = io(`${url}/desk`, {
    ...{ transports: ["websocket"], forceNew: true, reconnectionDelay: 200 },
    reconnectionDelayMax: 1000,
    extraHeaders: { cookie: `${SESSION_COOKIE}=${operator.cookie}` },
  });
  const look = (call: DeskCall): void => {
    if (call.state === "ringing" && call.card.outcome !== "pending" && !cards.has(call.ringId)) {
      cards.set(call.ringId, { ...call.card, atMs: Date.now() });
      unwritten.add(call.ringId);
      // A screen without pixels paints at once.
      tellPainted(call);
    }
    if (call.state === "ended" && call.needsWrapUp) wrapUp(call.callId);
  };
  const tellPainted = ({ callId, ringId }: DeskCall, again?: { readonly agoMs: number }): void => {
    const painted = { callId, ringId, receivedToPaintedMs: 0, visible: true, ...again };
    socket.emit("popPainted", painted, () => unwritten.delete(ringId));
  };
  const wrapUp = (callId: string): void => {
    if (saved.has(callId) || saving.has(callId) || !socket.connected) return;
    const draftId = crypto.randomUUID();
    saving.set(callId, draftId);
    const send = (): void => {
      socket
        .timeout(3000)
        .emit("saveWrapUp", { draftId, callId, disposition: "other", note: "" }, (late, reply) => {
          if (late === null && reply.ok) saved.add(callId);
          else if (!socket.disconnected || socket.active) setTimeout(send, 300).unref();
        });
    };
    send();
  };
  const lookAtAll = () => state?.calls.forEach(look);
  socket.on("snapshot", (fresh, acknowledge) => {
    acknowledge();
    state = fresh;
    // The process that was told may have died before it wrote it.
    for (const call of fresh.calls)
      if (unwritten.has(call.ringId))
        tellPainted(call, { agoMs: Date.now() - cards.get(call.ringId)!.atMs });
    lookAtAll();
  });
  socket.on("change", (change, acknowledge) => {
    acknowledge();
    if (state !== null) state = applyChange(state, change);
    lookAtAll();
  });
  // A process that stops or dies ends the connection itself; the page then connects anew, and so does this.
  socket.on("disconnect", (reason) => {
    lostAtMs.push(Date.now());
    if (reason === "io server disconnect") setTimeout(() => socket.connect(), 200).unref();
  });
  return {
    ...{ operator, cards, saved, lostAtMs },
    connected: () => socket.connected,
    close: () => void socket.disconnect(),
  };
}
