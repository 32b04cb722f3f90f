// Our side: finds the built package in this repository, compiles the benches' documents, bundles our workers. Nothing
// here is installed from a registry: the package measured is the one in npm/diddy-mesh.
import { existsSync, lstatSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { HERE, bundle } from "./bundle.mjs";
import { median } from "./stats.mjs";
import { githubRoutes } from "../suites/github.mjs";
import { scaledDocument } from "../suites/scale.mjs";

const PACKAGE = join(HERE, "../../npm/diddy-mesh");
const LINK = join(HERE, "node_modules/diddy-mesh");
const THREE = ["SVC_A", "SVC_B", "SVC_C"];

/** The gateway of the load runs: the peers' three routes, their timeout and their number of retries. */
const gatewayDocument = () => ({
  services: Object.fromEntries(
    ["users", "orders", "items"].map((name, i) => [name, { endpoints: [`binding:${THREE[i]}`], timeout: 2000, retries: 2 }]),
  ),
  routing: { rules: ["users", "orders", "items"].map((name) => ({ path: `/api/${name}/{id}`, service: name })) },
});

/** The 203 GitHub routes over ten services of three endpoints each: one decision routes, balances, breaks and retries. */
const githubDocument = () => ({
  services: Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [
      `service-${i}`,
      { endpoints: THREE.map((name) => `binding:${name}`), timeout: 2000, retries: 2 },
    ]),
  ),
  routing: {
    rules: githubRoutes.map(([method, path], i) => ({
      method, path: path.replace(/:(\w+)/g, "{$1}"), service: `service-${i % 10}`,
    })),
  },
});

/** The same routes, each answered by a redirect to the route's index: it tells which one took a request. */
const redirectsDocument = () => ({
  services: { unused: { endpoints: ["binding:SVC_A"] } },
  routing: {
    rules: githubRoutes.map(([method, path], i) => ({
      method, path: path.replace(/:(\w+)/g, "{$1}"), filters: [{ redirect: { path: { full: `/${i}` } } }],
    })),
  },
});

/** 100 services and 200 routes: the Snapshot of the cold-start and memory budgets. */
const largeDocument = () => {
  const names = Array.from({ length: 100 }, (_, i) => `service-${i}`);
  return {
    services: Object.fromEntries(names.map((name) => [name, { endpoints: ["binding:SVC_A"], timeout: 2000, retries: 2 }])),
    routing: {
      rules: names.flatMap((name) => [
        { path: `/api/${name}/{id}`, service: name },
        { path: `/api/${name}/{id}/items/*`, service: name },
      ]),
    },
  };
};
/** A path that the large document routes. */
export const LARGE_PATH = "/api/service-42/583231";

/** Compiles a document of ours; one with findings is a mistake of the benches. */
function snapshotOf(compile, document) {
  const { snapshot, diagnostics } = compile(document);
  if (snapshot === undefined) throw new Error(diagnostics.map(({ message }) => message).join("; "));
  return snapshot;
}

function timed(compile, document) {
  const times = [];
  let bytes;
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    bytes = snapshotOf(compile, document);
    times.push(performance.now() - start);
  }
  return { bytes, compileMs: median(times) };
}

/** Our side, or null where the package has not been built. */
export async function loadOurs() {
  if (!existsSync(join(PACKAGE, "dist/cli.js"))) return null;
  if (!lstatSync(LINK, { throwIfNoEntry: false })) {
    mkdirSync(join(HERE, "node_modules"), { recursive: true });
    symlinkSync(PACKAGE, LINK, "dir");
  }
  const { compile } = await import("diddy-mesh/config");
  const snapshots = {
    gateway: snapshotOf(compile, gatewayDocument()),
    github: snapshotOf(compile, githubDocument()),
    redirects: snapshotOf(compile, redirectsDocument()),
    large: snapshotOf(compile, largeDocument()),
  };
  return {
    snapshots,
    /** Meshes by their number of services: bytes, and how long compiling took, the median of five. */
    scaled: (sizes) => Object.fromEntries(sizes.map((services) => [services, timed(compile, scaledDocument(services))])),
    /** Bundles workers/`file`.mjs with one of the snapshots beside it as `snapshot.bin`. */
    worker: (file, snapshot, define = {}) =>
      bundle([file, snapshot, ...Object.values(define)].join("-"), {
        entry: `workers/${file}.mjs`, data: { "snapshot.bin": snapshots[snapshot] }, define,
      }),
  };
}
