/** Runs one simulation on the server and follows it to its end. */
import type { SimulationInput, SimulationState } from "../../server/priority/simulation/model.ts";
import type { ConsoleApi } from "./api.ts";
import type { Answered, Refused } from "./request.ts";

const LOOK_MS = 300;
/** So many failed looks in a row mean that the server is gone, not busy. */
const MOST_FAILURES = 20;

/** @param progress Told after every look. Never rejects; an ended `signal` cancels the simulation. */
export async function runSimulation(
  api: Pick<ConsoleApi, "simulate" | "simulation" | "cancelSimulation">,
  input: SimulationInput,
  progress: (state: SimulationState) => void,
  signal: AbortSignal,
): Promise<SimulationState | Refused> {
  let answer: Answered<SimulationState> = await api.simulate(input);
  if (!answer.ok) return answer;
  let { body } = answer;
  let failures = 0;
  while (body.state === "running") {
    progress(body);
    await wait(LOOK_MS, signal);
    answer = await (signal.aborted ? api.cancelSimulation(body.id) : api.simulation(body.id));
    if (answer.ok) {
      ({ body } = answer);
      failures = 0;
      if (signal.aborted) break;
    } else if (answer.status === 404 || ++failures >= MOST_FAILURES) return answer;
  }
  return body;
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, signal.aborted ? 0 : ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    });
  });
}
