// Rows "size": minified and gzipped bytes of JavaScript and wasm, each as a Worker's bundler makes it.
import { bundle } from "../lib/bundle.mjs";
import { rowOf } from "../lib/budgets.mjs";
import { FOUR, peer } from "../lib/peers.mjs";

const STACKS = ["hono", "hono+cockatiel", "hono+cockatiel+jose", FOUR];

/** The whole surface of one entry point is kept, so that nothing of it is shaken off. */
const entry = (name) => bundle(`size-${name.replace("/", "-")}`, {
  source: `import * as mesh from ${JSON.stringify(name)}; export default mesh;`,
});

export async function measure({ ours }) {
  const peers = {};
  for (const name of STACKS) peers[name] = (await peer(name)).gzip / 1000;
  const whole = ours && (await entry("diddy-mesh"));
  const core = ours && (await entry("diddy-mesh/core"));
  const near = "hono+cockatiel";
  return {
    rows: [
      rowOf("size", { ours: whole && whole.gzip / 1000, peers, ratio: whole && whole.gzip / 1000 / peers[FOUR] }),
      rowOf("size-core", {
        ours: core && core.gzip / 1000, peers: { [near]: peers[near] }, ratio: core && core.gzip / 1000 / peers[near],
      }),
    ],
    raw: { ours: whole && { gzip: whole.gzip, raw: whole.raw }, core: core && { gzip: core.gzip, raw: core.raw } },
  };
}
