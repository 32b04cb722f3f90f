import { gateway } from "./parts/app.mjs";
import { via } from "./parts/resilience.mjs";
import { guard } from "./parts/token.mjs";

export default gateway({ guard, via });
