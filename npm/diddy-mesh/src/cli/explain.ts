/** `diddy-mesh explain`: one request against a configuration. */
import { explain } from "../config.js";
import { asJson, check, report } from "./check.js";
import { Failure, onlyFile, options } from "./io.js";

/** Explains a request. */
export function explainCommand(args: string[]): number {
  const { values, positionals } = options(args, {
    url: { type: "string" },
    method: { type: "string", default: "GET" },
    header: { type: "string", short: "H", multiple: true },
    json: { type: "boolean" },
  });
  const file = onlyFile(positionals, "explain");
  if (values.url === undefined || !URL.canParse(values.url)) {
    throw new Failure("explain needs --url with an absolute URL");
  }
  const headers = (values.header ?? []).map(headerOf);
  const checked = check(file);
  if (checked.document === undefined || checked.snapshot === undefined) {
    if (values.json === true) {
      console.log(asJson(checked));
    } else {
      report(checked, process.stderr);
    }
    return 1;
  }
  const explanation = explain(checked.document, { method: values.method, url: values.url, headers });
  console.log(JSON.stringify(explanation, null, 2));
  return 0;
}

function headerOf(text: string): [string, string] {
  const colon = text.indexOf(":");
  if (colon < 1) {
    throw new Failure(`a header is 'name: value', not ${JSON.stringify(text)}`);
  }
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}
