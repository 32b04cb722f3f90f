// The GitHub table: 203 routes and one request for each, with lifelike values in the place of parameters.
import table from "../data/github-routes.json" with { type: "json" };

const VALUES = {
  owner: "octocat", repo: "hello-world", user: "octocat", org: "cloudflare", id: "583231", number: "1347", name: "bug",
  sha: "6dcb09b5b57875f334f61aebed695e2e4193db5e", ref: "master", keyword: "mesh", state: "open", branch: "main",
};

/** [method, path] with `:name` parameters. */
export const githubRoutes = table.routes;
/** Where the path of the sample URLs starts. */
export const ORIGIN = "https://api.example.com";
/** One request per route: { method, path, url, want } with the route's index as `want`. */
export const githubRequests = githubRoutes.map(([method, pattern], want) => {
  const path = pattern.replace(/:(\w+)/g, (_, name) => VALUES[name] ?? `${name}42`);
  return { method, path, url: ORIGIN + path, want };
});

const shape = (pattern) => pattern.replace(/:\w+/g, ":");

/** Throws unless `match(method, path)` finds every request's route (or one of the very same shape). */
export function check(match) {
  for (const { method, path, want } of githubRequests) {
    const found = match(method, path);
    if (found !== want && !(githubRoutes[found] && shape(githubRoutes[found][1]) === shape(githubRoutes[want][1]))) {
      throw new Error(`${method} ${path}: route ${found}, expected ${want}`);
    }
  }
  return match;
}
