/** One health check: a request to an endpoint that is read no further than its status. */
import { drop } from "../send.js";
import { parseAddress } from "../transport.js";
import type { Probe } from "../../wasm/control.js";

/** The status of the answer; undefined where there was none in time. */
export async function probe({ address, path, timeoutMs }: Probe, env: object): Promise<number | undefined> {
  const endpoint = parseAddress(address);
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const request = new Request(`${endpoint.base || "https://health.mesh.internal"}${path}`, { redirect: "manual", headers: { "user-agent": "diddy-mesh-health-check" } });
    const asking = endpoint.transport.send(endpoint, request, { env, ctx: undefined, local: undefined }, endpoint.transport.aborts ? abort.signal : undefined);
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), timeoutMs);
    });
    const answer = await Promise.race([asking, late]);
    if (answer === undefined) {
      abort.abort();
      asking.then(drop, () => undefined);
      return undefined;
    }
    await drop(answer);
    return answer.status;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
