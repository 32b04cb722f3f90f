import { gateway } from "./parts/app.mjs";
import { via } from "./parts/resilience.mjs";

export default gateway({ via });
