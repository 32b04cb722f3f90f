/** What `diddy-mesh` does to traffic besides routing, balancing, breaking and retrying it; its core has none of it. */
import { direct } from "./traffic/direct.js";
import { hedged } from "./traffic/hedge.js";
import { identity } from "./traffic/identity.js";
import { mirrored } from "./traffic/mirror.js";
import { noted, notesOf } from "./traffic/notes.js";
import { again } from "./traffic/predicates.js";

export const traffic = { again, direct, hedged, identity, mirrored, noted, notesOf };
