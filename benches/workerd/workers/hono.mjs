import { gateway } from "./parts/app.mjs";

export default gateway();
