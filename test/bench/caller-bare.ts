/** The floor of `caller`: a fastify app with one route that always gives the same line. Tells its address over the channel. */
import fastify from "fastify";
import { ORDINARY, lineOf } from "../../server/priority/caller-answer.ts";

const line = lineOf(ORDINARY);
const app = fastify();
app.get("/pbx/v1/caller", (_request, reply) => reply.type("text/plain; charset=utf-8").send(line));
const url = await app.listen({ host: "127.0.0.1", port: 0 });
process.send?.({ url });
