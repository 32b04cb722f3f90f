/** At the foot of each page: what the mesh of the gateway did for it. */
import type { Tally } from "../../../shared/calls";
import type { Visit } from "../visit";
import { html, type Html, type Part } from "./html";

interface Row {
  readonly service: string;
  readonly calls: number;
  /** Per version that took part; empty without a mesh. */
  readonly versions: readonly Tally[];
}

/** The panel. `before` is what the mesh had done when the page began: the difference is this page's, or that of pages at the same moment. */
export function panel({ calls, tallies }: Visit, before: readonly Tally[] | undefined): Html {
  const after = tallies();
  if (after === undefined) {
    return frame("Mesh off", html`<p>Each call went once, to a version at random, without a timeout.</p>`, rowsOf(calls, []), false);
  }
  const done = after.map((tally, i) => ({ ...tally, attempts: tally.attempts - (before?.[i]?.attempts ?? 0), failures: tally.failures - (before?.[i]?.failures ?? 0) }));
  const rows = rowsOf(calls, done);
  const attempts = sum(rows.flatMap(({ versions }) => versions.map((version) => version.attempts)));
  const made = sum(rows.map((row) => row.calls));
  const facts: readonly [Part, string][] = [
    [made, made === 1 ? "call" : "calls"],
    [attempts, attempts === 1 ? "attempt" : "attempts"],
    [Math.max(0, attempts - made), "retried"],
    [sum(rows.flatMap(({ versions }) => versions.map((version) => version.failures))), "failures hidden from you"],
  ];
  return frame("What the mesh did for this page", html`<ul class="facts">${facts.map(([number, what]) => html`<li><b>${number}</b> ${what}</li>`)}</ul>`, rows, true);
}

function rowsOf(calls: ReadonlyMap<string, number>, tallies: readonly Tally[]): Row[] {
  return [...calls].map(([service, count]) => ({ service, calls: count, versions: tallies.filter((tally) => tally.service === service && tally.attempts > 0) }));
}

function frame(title: string, summary: Html, rows: readonly Row[], meshed: boolean): Html {
  return html`<section class="mesh" aria-labelledby="mesh-title">
  <h2 id="mesh-title"><span class="lamp${meshed && html` lit`}" aria-hidden="true"></span>${title}</h2>
  ${summary}
  ${rows.length > 0 && html`<table>
    <thead><tr><th scope="col">Service</th><th scope="col" class="number">Calls</th>${meshed && html`<th scope="col" class="number">Attempts</th><th scope="col">Versions asked</th>`}</tr></thead>
    <tbody>${rows.map((row) => line(row, meshed))}</tbody>
  </table>`}
</section>`;
}

function line({ service, calls, versions }: Row, meshed: boolean): Html {
  const cells = html`<td class="number">${sum(versions.map(({ attempts }) => attempts))}</td><td>${versions.map(chip)}</td>`;
  return html`<tr><th scope="row">${service.replace("-service", "")}</th><td class="number">${calls}</td>${meshed && cells}</tr>`;
}

function chip({ version, attempts, failures }: Tally): Html {
  return html`<span class="chip">${version} <b>×${attempts}</b>${failures > 0 && html` <span class="bad">${failures} failed</span>`}</span> `;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
