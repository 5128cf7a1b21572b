/**
 * A process that plays Asterisk for benches: answers a client's login and lists, and after the action `Go` sends as fast as the
 * client reads. Prints its port. Usage: ami-sender.ts <number of events>.
 */
import { AmiServer, message } from "../support/ami-server.ts";
import { traffic } from "./traffic.ts";

const { text } = traffic(Number(process.argv[2]));
const end = message({ Event: "UserEvent", Privilege: "user,all", UserEvent: "BenchEnd" });

const server = await AmiServer.open({
  answers: {
    go: (action, session) => {
      session.success(action);
      session.socket.write(text);
      session.send(end);
    },
  },
});
process.send?.({ port: server.port });
process.once("disconnect", () => void server.close());
