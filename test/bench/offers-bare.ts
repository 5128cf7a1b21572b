/** The floor of `offers`: a fastify app with one route that reads a body and always gives the same one. Tells its address over the channel. */
import fastify from "fastify";

const answer = process.env["BENCH_ANSWER"] ?? "{}";
const app = fastify();
app.post("/api/v1/offers", (_request, reply) => reply.type("application/json").send(answer));
const url = await app.listen({ host: "127.0.0.1", port: 0 });
process.send?.({ url });
