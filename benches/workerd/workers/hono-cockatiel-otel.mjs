import { gateway } from "./parts/app.mjs";
import { via } from "./parts/resilience.mjs";
import { traced } from "./parts/telemetry.mjs";

export default traced(gateway({ via }));
