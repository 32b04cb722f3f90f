// The peers' gateway: three routes to three services by hono, each hop through `via` (resilience), each request after
// `guard` (token check).
import { Hono } from "hono";

const direct = (_service, hop) => hop();

export function gateway({ guard, via = direct } = {}) {
  const app = new Hono();
  if (guard) app.use("*", guard);
  const to = (service) => (c) => via(service, () => c.env[service].fetch(c.req.raw));
  app.all("/api/users/:id", to("SVC_A"));
  app.all("/api/orders/:id", to("SVC_B"));
  app.all("/api/items/:id", to("SVC_C"));
  return app;
}
