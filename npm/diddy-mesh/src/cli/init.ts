/** `diddy-mesh init`: a first configuration, from what the Worker binds already. */
import { existsSync } from "node:fs";
import { asJson, check, report } from "./check.js";
import { SCHEMA } from "./document.js";
import { Failure, options, painter, write } from "./io.js";
import { readWrangler, type Wrangler } from "./wrangler.js";

const FILE = "mesh.json";
const NAMES = [FILE, "mesh.jsonc", "mesh.yaml", "mesh.yml"];

/** Writes mesh.json, or checks the one that is there. */
export function initCommand(args: string[]): number {
  const { values, positionals } = options(args, { force: { type: "boolean" }, json: { type: "boolean" } });
  if (positionals.length > 0) {
    throw new Failure("init takes no FILE: it works in the current folder");
  }
  const there = NAMES.find((name) => existsSync(name));
  if (there !== undefined && values.force !== true) {
    const checked = check(there, {});
    if (values.json === true) {
      console.log(asJson(checked));
    } else {
      report(checked, process.stdout);
      console.log(checked.snapshot === undefined ? `${there} is here already and has errors` : `${there} is here already and is valid; --force replaces it`);
    }
    return checked.snapshot === undefined ? 1 : 0;
  }
  const wrangler = readWrangler(".");
  const text = `${JSON.stringify(documentOf(wrangler), null, 2)}\n`;
  write(FILE, text);
  const checked = check(FILE, {});
  report(checked, process.stdout);
  nextSteps(wrangler);
  return checked.snapshot === undefined ? 1 : 0;
}

function documentOf(wrangler: Wrangler | undefined): object {
  const services = Object.fromEntries((wrangler?.services ?? []).map(({ binding, service }) => [label(service), { endpoints: [`binding:${binding}`] }]));
  return { $schema: SCHEMA, services, routing: { rules: [] } };
}

/** A Worker's name as a DNS label, which service names are. */
function label(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9-]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 63) || "service";
}

function nextSteps(wrangler: Wrangler | undefined): void {
  const paint = painter(process.stdout);
  const found = wrangler === undefined ? "no wrangler file here" : `${wrangler.services.length} service binding(s) of ${wrangler.file}`;
  const name = label(wrangler?.name ?? "my-service");
  console.log(`${paint("green", "wrote")} ${FILE} (${found})

Next:
  1. Add rules to routing.rules, such as { "path": "/api/users/*", "service": "user-service" }.
  2. npx diddy-mesh compile ${FILE} -o mesh.ts
  3. In the Worker:

     import { DiddyMesh } from "diddy-mesh";
     import config from "./mesh.js";

     const mesh = new DiddyMesh({ serviceName: "${name}", config });
     export default {
       fetch: (request, env, ctx) => mesh.handle(request, {}, env, ctx),
     };

  4. npx diddy-mesh explain ${FILE} --url https://example.com/`);
}
