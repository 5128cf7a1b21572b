/** How far a long command is: a bar on a terminal, now and then a line elsewhere. */
import { Presets, SingleBar } from "cli-progress";

/** Told as the work goes on. */
export type Progress = {
  update(done: {
    readonly bytes: number;
    readonly records: number;
    readonly refused: number;
  }): void;
  stop(): void;
};

const LINE_EVERY_MS = 10_000;

/** @param bytes size of the whole; 0 when it is not known. */
export function showProgress(bytes: number, output: NodeJS.WriteStream): Progress {
  return output.isTTY ? bar(bytes, output) : lines(bytes, output);
}

function bar(bytes: number, stream: NodeJS.WriteStream): Progress {
  const single = new SingleBar(
    {
      ...{ stream, hideCursor: true, etaBuffer: 50 },
      format: "{bar} {percentage}%  {records} records, {refused} refused  {eta_formatted} left",
    },
    Presets.shades_classic,
  );
  single.start(Math.max(bytes, 1), 0, { records: 0, refused: 0 });
  return {
    update: ({ bytes: done, records, refused }) => single.update(done, { records, refused }),
    stop: () => single.stop(),
  };
}

function lines(bytes: number, stream: NodeJS.WritableStream): Progress {
  let toldAtMs = performance.now();
  return {
    update({ bytes: done, records, refused }) {
      if (performance.now() - toldAtMs < LINE_EVERY_MS) return;
      toldAtMs = performance.now();
      const percent = bytes > 0 ? Math.floor((100 * done) / bytes) : 0;
      stream.write(`${percent}%  ${records} records, ${refused} refused\n`);
    },
    stop: () => undefined,
  };
}
