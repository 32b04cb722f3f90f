//! A plan as the tables of a Snapshot.

mod backends;
mod flags;
mod policies;
mod rules;
mod services;
mod traffic;

use alloc::collections::BTreeMap;

use mesh_core::{
    route::{BuildError, RouteTableBuilder},
    snapshot::{
        draft::SnapshotDraft,
        tables::{NONE, Rows},
    },
};

pub(crate) use self::policies::host_header;
use super::paths;
use crate::{
    diagnostic::{Code, Diagnostic},
    plan::Plan,
};

/// The Snapshot of a plan as that version, and what did not fit.
pub(super) fn snapshot(plan: &Plan, version: u64) -> (SnapshotDraft, Option<Diagnostic>) {
    let mut emitter = Emitter::default();
    let name = emitter.draft.text(&plan.name);
    emitter.draft.mesh.name = name;
    emitter.draft.mesh.version = version;
    let done = emitter.all(plan);
    let Emitter { mut draft, builder, .. } = emitter;
    draft.routes = builder.finish();
    let found = done.err().map(|error| {
        let found = error.to_string();
        Diagnostic::error(Code::TooLarge, "routing.rules", &found, "at most 64 header names")
    });
    (draft, found)
}

#[derive(Default)]
struct Emitter {
    draft: SnapshotDraft,
    builder: RouteTableBuilder,
    /// Runs of predicates that are there, so that equal policies stay equal rows.
    predicates: BTreeMap<Vec<(u8, String, String)>, Rows>,
    /// Fallbacks of the current rule, or of services called by name.
    fallbacks: Vec<policies::KnownFallback>,
}

impl Emitter {
    fn all(&mut self, plan: &Plan) -> Result<(), BuildError> {
        for (number, service) in (0u32..).zip(&plan.services) {
            self.service(number, service)?;
        }
        for flag in &plan.flags {
            self.flag(flag)?;
        }
        for (number, rule) in (0u32..).zip(&plan.rules) {
            self.fallbacks.clear();
            self.rule(number, rule)?;
        }
        Ok(())
    }
}

/// The number of an equal row, or of this one added.
fn intern<T: PartialEq>(rows: &mut Vec<T>, row: T) -> u32 {
    let known = rows.iter().position(|known| *known == row);
    let at = known.unwrap_or_else(|| {
        rows.push(row);
        rows.len().saturating_sub(1)
    });
    u32::try_from(at).unwrap_or(NONE)
}

fn count<T>(rows: &[T]) -> u32 {
    u32::try_from(rows.len()).unwrap_or(NONE)
}

/// The run of the rows that were added since there were `start`.
fn since<T>(start: u32, rows: &[T]) -> Rows {
    Rows { start, len: count(rows).saturating_sub(start) }
}
