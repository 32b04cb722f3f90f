//! What a backend is sent.

use mesh_core::filter::change_path;
use serde::Serialize;

use super::rule;
use crate::plan::{PlannedBackend, PlannedRule};

/// What a backend is sent in place of the request as it came.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplainedSent {
    /// The path.
    pub path: String,
    /// The host that a rewrite names; absent where it is the endpoint's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Header edits in the order in which they are made, the rule's before the backend's, such as
    /// `request: set x-a: 1`.
    pub edits: Vec<String>,
}

impl ExplainedSent {
    /// `path` is in normal form, `depth` the segments of it that the match fixes.
    pub(super) fn of(
        planned: &PlannedRule,
        backend: &PlannedBackend,
        path: &str,
        depth: u16,
    ) -> Self {
        let rewrite = backend.filters.rewrite.as_ref().or(planned.filters.rewrite.as_ref());
        let sent = rewrite.map_or_else(
            || path.to_owned(),
            |rewrite| {
                let mut out = Vec::new();
                let value = rewrite.value.as_bytes();
                change_path(rewrite.path as u8, value, path.as_bytes(), depth, &mut out);
                String::from_utf8_lossy(&out).into_owned()
            },
        );
        let host = rewrite.map(|rewrite| rewrite.host.clone()).filter(|host| !host.is_empty());
        let all = planned.filters.edits.iter().chain(&backend.filters.edits);
        Self { path: sent, host, edits: all.map(rule::edit).collect() }
    }
}
