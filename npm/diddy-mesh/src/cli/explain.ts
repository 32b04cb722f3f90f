/** `diddy-mesh explain`: one request against a configuration. */
import { explain } from "../config.js";
import type { ExplainRequest, Explanation } from "../../wasm/control.js";
import { asJson, check, report } from "./check.js";
import { Failure, onlyFile, options, painter, reason } from "./io.js";
import { render } from "./explanation.js";
import type { MeshDocument } from "../types.js";

/** Explains a request. */
export function explainCommand(args: string[]): number {
  const { values, positionals } = options(args, {
    url: { type: "string" },
    method: { type: "string", default: "GET" },
    header: { type: "string", short: "H", multiple: true },
    service: { type: "string" },
    json: { type: "boolean" },
  });
  const file = onlyFile(positionals, "explain");
  if (values.url === undefined) {
    throw new Failure("explain needs --url with the URL of the request");
  }
  const request: ExplainRequest = { url: values.url, method: values.method, headers: (values.header ?? []).map(headerOf) };
  if (values.service !== undefined) {
    request.service = values.service;
  }
  const checked = check(file);
  if (checked.document === undefined || checked.snapshot === undefined) {
    if (values.json === true) {
      console.log(asJson(checked));
    } else {
      report(checked, process.stderr);
    }
    return 1;
  }
  const explanation = explained(checked.document, request);
  console.log(values.json === true ? JSON.stringify(explanation, null, 2) : render(explanation, painter(process.stdout)));
  return 0;
}

/** The document is valid, so an error is about the request, which is wrong use. */
function explained(document: MeshDocument, request: ExplainRequest): Explanation {
  try {
    return explain(document, request);
  } catch (error) {
    throw new Failure(reason(error));
  }
}

function headerOf(text: string): [string, string] {
  const colon = text.indexOf(":");
  if (colon < 1) {
    throw new Failure(`a header is 'name: value', not ${JSON.stringify(text)}`);
  }
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}
