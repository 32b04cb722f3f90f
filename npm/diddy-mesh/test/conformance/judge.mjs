// Whether an answer is what a case expects, as `semantics` in the suite's file says.
const USUAL = { "http:": "80", "https:": "443" };

/** The first difference; undefined where there is none. */
export function differs({ expect, request }, { accepts }, answer) {
  const { status, reason, location, seen } = answer;
  if (!expect.status.includes(status)) {
    return `status ${status} (${reason}), expected ${JSON.stringify(expect.status)}`;
  }
  if (expect.websocket_echo !== undefined) {
    const same = JSON.stringify(answer.echoed) === JSON.stringify(expect.websocket_echo);
    return same ? undefined : `${JSON.stringify(answer.echoed)} came back`;
  }
  if (expect.redirect !== undefined) {
    return redirect(expect.redirect, location, answer.url);
  }
  // Upstream looks at the rest only where the request got through.
  if (status < 200 || status >= 300) {
    return undefined;
  }
  if (seen === undefined) {
    return "no backend was asked";
  }
  if (!accepts.includes(seen.service)) {
    return `backend ${seen.service}, expected one of ${accepts}`;
  }
  return asSeen(expect.backend_request ?? {}, seen, answer.url) ?? response(expect, answer.headers);
}

function asSeen({ path, host, method, headers = {}, absent_headers: absent = [] }, seen, url) {
  // The path of the case has a number in the place of its variable.
  const sent = path?.includes("${UUID}") ? url.slice(url.indexOf("/", 8)) : path === "" ? "/" : path;
  for (const [what, wished] of Object.entries({ path: sent, host, method })) {
    if (wished !== undefined && wished !== null && seen[what] !== wished) {
      return `${what} ${seen[what]} at the backend, expected ${wished}`;
    }
  }
  const wrong = Object.entries(headers).find(([name, value]) => (seen.headers[name.toLowerCase()] ?? "").replaceAll(", ", ",") !== value);
  if (wrong !== undefined) {
    return `${wrong[0]} ${seen.headers[wrong[0].toLowerCase()]} at the backend, expected ${wrong[1]}`;
  }
  const extra = absent.find((name) => name.toLowerCase() in seen.headers);
  return extra === undefined ? undefined : `header ${extra} at the backend, expected none`;
}

function redirect({ scheme, host, port, path }, location, asked) {
  const to = URL.parse?.(location) ?? new URL(location);
  const from = new URL(asked);
  const wished = { protocol: scheme ? `${scheme}:` : from.protocol, hostname: host ?? to.hostname, pathname: path ?? from.pathname };
  for (const [what, value] of Object.entries(wished)) {
    if (to[what] !== value) {
      return `Location ${location}, expected the ${what} ${value}`;
    }
  }
  const usual = USUAL[to.protocol];
  return (to.port || usual) === (port || usual) ? undefined : `Location ${location}, expected the port ${port || "none"}`;
}

function response({ response_headers: set = {}, response_absent_headers: absent = [] }, headers) {
  const wrong = Object.entries(set).find(([name, value]) => headers.get(name) !== value);
  if (wrong !== undefined) {
    return `response header ${wrong[0]} is ${headers.get(wrong[0])}, expected ${wrong[1]}`;
  }
  const extra = absent.find((name) => headers.has(name));
  return extra === undefined ? undefined : `response header ${extra}, expected none`;
}
