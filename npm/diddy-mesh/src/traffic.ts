/** What `diddy-mesh` does to traffic besides routing, balancing, breaking and retrying it; its core has none of it. */
import { choose } from "./traffic/balancers.js";
import { direct } from "./traffic/direct.js";
import { grpcTimeout } from "./traffic/grpc.js";
import { hedged } from "./traffic/hedge.js";
import { identity, introduce } from "./traffic/identity.js";
import { carry } from "./traffic/mirror.js";
import { noted, notesOf } from "./traffic/notes.js";
import { again } from "./traffic/predicates.js";
import { isTraffic } from "./traffic/tables.js";

export const traffic = { again, carry, choose, direct, grpcTimeout, hedged, identity, introduce, isTraffic, noted, notesOf };
