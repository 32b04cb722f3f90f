//! What the mesh answers by itself.

use mesh_core::snapshot::{Snapshot, tables::Edit};
use serde::Serialize;

use super::rule;
use crate::plan::PlannedEdit;

/// What the mesh answers by itself: a redirect, a direct response, the yes or no to a preflight, or
/// the status of a refusal.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplainedAnswer {
    /// Its status.
    pub status: u16,
    /// Its `Location`. Where the request has only a path, the host in it is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The body of a direct response; absent where it is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Headers of a direct response and the rule's edits of them, in the order in which they are
    /// made. Those of a preflight stand with the rule's `cors`.
    pub edits: Vec<String>,
}

impl ExplainedAnswer {
    /// An answer with nothing but a status.
    pub(super) fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// The direct response of a backend, by its number in the Snapshot.
    pub(super) fn direct(snapshot: &Snapshot, backend: u32) -> Option<Self> {
        let row = snapshot.backends().get(backend)?;
        let text = |text| String::from_utf8_lossy(snapshot.text(text)).into_owned();
        let edit = |edit: Edit| {
            let (name, value) = (text(edit.name), text(edit.value));
            rule::edit(&PlannedEdit { side: edit.side, action: edit.action, name, value })
        };
        let edits = snapshot.edits().run(row.edits).map(edit).collect();
        let body = Some(text(row.body)).filter(|body| !body.is_empty());
        Some(Self { status: row.status, location: None, body, edits })
    }
}
