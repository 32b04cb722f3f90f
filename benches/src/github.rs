//! The 203 GitHub routes and one request for each.

use mesh_core::method::Method;
use serde_json::Value;

/// Source and licence stand in the file and beside it.
const TABLE: &str = include_str!("../workerd/data/github-routes.json");

/// One route.
#[derive(Clone, Debug)]
pub struct Route {
    /// Its method.
    pub method: Method,
    /// Its path with `{name}` segments.
    pub template: String,
    /// A path that it matches.
    pub path: String,
}

/// The routes, in the order of the table.
///
/// # Panics
/// Where the file is not the table it should be.
#[must_use]
pub fn github_routes() -> Vec<Route> {
    let file: Value = serde_json::from_str(TABLE).expect("the route table is JSON");
    let rows: Vec<(String, String)> =
        serde_json::from_value(file.get("routes").cloned().unwrap_or_default())
            .expect("routes are pairs of method and path");
    rows.iter().map(|(method, path)| route(method, path)).collect()
}

fn route(method: &str, path: &str) -> Route {
    let segments = |fill: fn(&str) -> String| {
        path.split('/')
            .map(|segment| segment.strip_prefix(':').map_or_else(|| segment.to_owned(), fill))
            .collect::<Vec<_>>()
            .join("/")
    };
    let (method, _) = Method::NAMED
        .into_iter()
        .find(|(_, name)| *name == method)
        .expect("the table's methods are the standard ones");
    Route {
        method,
        template: segments(|name| format!("{{{name}}}")),
        path: segments(|name| match name {
            "owner" | "user" => "octocat".to_owned(),
            "repo" => "hello-world".to_owned(),
            "id" => "583231".to_owned(),
            "sha" => "6dcb09b5b57875f334f61aebed695e2e4193db5e".to_owned(),
            other => format!("{other}42"),
        }),
    }
}
