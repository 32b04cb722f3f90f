//! What the mesh answers by itself.

use serde::Serialize;

/// What the mesh answers by itself: a redirect, or the status of a refusal.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplainedAnswer {
    /// Its status.
    pub status: u16,
    /// Its `Location`. Where the request has only a path, the host in it is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}
