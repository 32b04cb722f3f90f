// Rows of the gateways under load: what is added to the bare proxy's p50 (one connection), and requests/s as a share of
// the bare proxy's (sixteen connections).
import { rowOf } from "../lib/budgets.mjs";
import { added, compare, gateways, noise, share } from "../lib/gateways.mjs";
import { FOUR, flagsOf, peer, worker } from "../lib/peers.mjs";

const BARE = "bare proxy";
const DIRECT = "direct hit";
/** Decides nothing, but has the timer, or the timer and the headers, that ours has too: the least that such a gateway takes. */
const BY_HAND = "by hand: timer";
const BY_HAND_HEADERS = "by hand: timer, two headers";
const CORE = "diddy-mesh/core";
const ALL = "diddy-mesh";
const LATER = "ours has no token check yet; peers only";

export async function measure({ quick, ours, request, quiet }) {
  const stacks = quick
    ? ["hono+cockatiel", "hono+cockatiel+jose", FOUR]
    : ["hono", "hono+cockatiel", "hono+cockatiel+otel", "hono+cockatiel+jose", FOUR];
  const variants = { [DIRECT]: { service: "A" }, [BARE]: { modules: (await worker("bare")).modules } };
  variants[BY_HAND] = { modules: (await worker("by-hand")).modules };
  variants[BY_HAND_HEADERS] = { modules: (await worker("by-hand-headers")).modules };
  for (const name of stacks) variants[name] = { modules: (await peer(name)).modules, flags: flagsOf(name) };
  if (ours) {
    variants[CORE] = { modules: (await ours.worker("ours-core", "gateway")).modules };
    variants[ALL] = { modules: (await ours.worker("ours", "gateway")).modules };
  }
  const everything = Object.keys(variants);
  const alone = [BARE, BY_HAND_HEADERS, "hono+cockatiel+jose", FOUR, ...(ours ? [ALL] : [])];
  const result = await gateways(variants, {
    plan: [{ connections: 16, names: everything }, { connections: 1, names: quick ? alone : everything }],
    rounds: quick ? 4 : 7, seconds: quick ? 1 : 2, request, quiet,
  });
  const shareOf = (name) => compare(result.of(name, 16), result.of(BARE, 16), share);
  const addedOf = (name) => compare(result.of(name, 1), result.of(BARE, 1), added);
  const figures = (names, figure) => Object.fromEntries(names.filter((name) => variants[name]).map((name) => [name, figure(name)]));
  const against = (name, other) => (ours ? compare(result.of(name, 16), result.of(other, 16), share) : null);
  const noted = (connections, ...notes) => {
    const judged = ours ? ALL : FOUR;
    const noticed = noise(result.of(judged, connections), result.of(BARE, connections), connections === 1 ? added : share);
    return [...notes, noticed].filter(Boolean).join("; ");
  };
  const near = variants["hono+cockatiel+otel"] ? "hono+cockatiel+otel" : FOUR;
  return {
    rows: [
      rowOf("added-p50", {
        ours: ours && addedOf(ALL), peers: figures([BY_HAND_HEADERS, ...stacks.filter((name) => !quick || alone.includes(name))], addedOf),
        ratio: ours && addedOf(ALL) / addedOf("hono+cockatiel+jose"), note: noted(1, "ours without a token check; one connection"),
      }),
      rowOf("gateway", {
        ours: ours && shareOf(CORE), peers: figures([DIRECT, BY_HAND, "hono", "hono+cockatiel"], shareOf),
        ratio: against(CORE, "hono+cockatiel"), note: noted(16),
      }),
      rowOf("gateway-observed", {
        ours: ours && shareOf(ALL), peers: figures([BY_HAND_HEADERS, "hono+cockatiel+otel", FOUR], shareOf), ratio: against(ALL, near),
        note: noted(16),
      }),
      rowOf("gateway-token", { peers: figures(["hono+cockatiel+jose", FOUR], shareOf), note: noted(16, LATER) }),
      rowOf("gateway-stack", {
        ours: ours && shareOf(ALL), peers: figures([FOUR], shareOf), ratio: against(ALL, FOUR),
        note: noted(16, "ours without a token check"),
      }),
    ],
    raw: result.samples,
  };
}
