// Runs the case files over an engine. It imports nothing: what drives the engine is handed in, so that other releases' can be.
/** How the cases of each file are played. */
const PLAYERS = { routing: ofRouting, paths: ofPaths, precedence: ofPrecedence, resilience: ofScripts, traffic: ofScripts };

/**
 * Runs every case of the files; `engine` is the compiled engine.wasm, `compile` that of "diddy-mesh/config". `driver` is what
 * `driver.mjs` exports.
 */
export function runCases(driver, engine, compile, files) {
  driver.install(engine);
  const names = [];
  const findings = [];
  const steps = [];
  for (const [file, { cases }] of Object.entries(files)) {
    for (const one of cases) {
      const name = `${file}: ${one.name}`;
      const compare = (step, expected, seen) => {
        steps.push(seen);
        for (const [field, wanted] of Object.entries(expected ?? {})) {
          if (!fits(wanted, seen[field] ?? null)) {
            findings.push(`${name}\n  ${JSON.stringify(step)}\n  ${field}: ${JSON.stringify(wanted)} expected, got ${JSON.stringify(seen[field])}`);
          }
        }
      };
      PLAYERS[file](driver, one, compile, compare);
      names.push(name);
    }
  }
  return { names, findings, steps };
}

function ofRouting({ Host, requestOf }, one, compile, compare) {
  const host = new Host(compile, one, one.document);
  one.requests.forEach((request, place) => compare(request, request.expect, host.begin("r", requestOf(request, place), 0, request)));
}

function ofPrecedence({ Host, requestOf }, { rules, requests }, compile, compare) {
  const host = new Host(compile, {}, { services: { s: {} }, routing: { rules: rules.map((rule) => ({ ...rule, service: "s" })) } });
  for (const request of requests) {
    const expected = request.rule === null ? { step: "respond", status: 404, reason: "no_route" } : { step: "send", rule: request.rule };
    compare(request, expected, host.begin("r", requestOf(request), 0));
  }
}

function ofPaths({ Host, rawPath, requestOf }, one, compile, compare) {
  const host = new Host(compile, {}, { services: { s: {} }, routing: { rules: [{ service: "s" }] } });
  const unchanged = one.normal === "the same" || one.normal === one.raw;
  const expected = one.refused === undefined ? { step: "send", path: unchanged ? null : one.normal } : { step: "respond", status: one.status, reason: one.refused };
  compare(one, expected, host.begin("r", { ...requestOf({}), path: rawPath(one) }, 0));
}

function ofScripts({ Host, play }, one, compile, compare) {
  const host = new Host(compile, one, one.document);
  for (const step of one.steps) {
    const seen = { ...play(host, step), events: host.drain() };
    compare(step, step.stats ?? step.expect, seen);
  }
}

/** A range takes a number in it, a list takes a text in it, an object takes one with its fields; anything else takes its equal. */
export function fits(wanted, got) {
  if (Array.isArray(wanted) && typeof got === "number") {
    return wanted[0] <= got && got <= wanted[1];
  }
  if (Array.isArray(wanted) && typeof got === "string") {
    return wanted.includes(got);
  }
  if (Array.isArray(wanted)) {
    return Array.isArray(got) && JSON.stringify(wanted) === JSON.stringify(got);
  }
  if (wanted !== null && typeof wanted === "object") {
    return got !== null && typeof got === "object" && Object.entries(wanted).every(([field, value]) => fits(value, got[field] ?? null));
  }
  return wanted === got;
}
