// Traces by otel-cf-workers: a span per request and per hop, the trace header sent on, batches exported to the sink.
import { instrument } from "@microlabs/otel-cf-workers";

const config = () => ({ exporter: { url: "http://otlp.local/v1/traces", headers: {} }, service: { name: "gateway" } });

export const traced = (app) => instrument({ fetch: (request, env, ctx) => app.fetch(request, env, ctx) }, config);
