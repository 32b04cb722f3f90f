//! What the isolates of a mesh share of a service: what whoever keeps a registry needs of a document
//! besides its endpoints and their checks.

use mesh_core::outlier::OutlierConfig;

use crate::{document::Document, plan::outliers};

/// What isolates share of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "whoever keeps a registry does all of it")]
pub struct SharedState {
    /// When endpoints are ejected; `None` = never.
    pub outliers: Option<OutlierConfig>,
    /// Isolates whose breaker must have opened for that, percent; 0 = not by this.
    pub open_isolates_percent: u8,
    /// Whether isolates share the retry budget's floor and their concurrency limits.
    pub state: bool,
}

impl SharedState {
    /// What a document says of a service, or for one that it does not name.
    #[must_use]
    pub fn of(document: &Document, service: &str) -> Self {
        let service = document.services.get(service);
        let defaults = document.defaults.as_ref();
        let detection = service
            .and_then(|service| service.outlier_detection.as_ref())
            .or_else(|| defaults?.outlier_detection.as_ref());
        let state = service
            .and_then(|service| service.share_state)
            .or_else(|| defaults?.share_state)
            .unwrap_or(false);
        let planned = outliers::plan(detection);
        Self {
            outliers: planned.map(|planned| planned.config),
            open_isolates_percent: planned.map_or(0, |planned| planned.open_isolates_percent),
            state,
        }
    }

    /// Whether there is anything for isolates to tell.
    #[must_use]
    pub const fn is_some(&self) -> bool {
        self.outliers.is_some() || self.state
    }
}
