import { gateway } from "./parts/app.mjs";
import { via } from "./parts/resilience.mjs";
import { traced } from "./parts/telemetry.mjs";
import { guard } from "./parts/token.mjs";

export default traced(gateway({ guard, via }));
