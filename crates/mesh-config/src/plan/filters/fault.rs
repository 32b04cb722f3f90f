//! Faults that are put into requests on purpose.

use mesh_core::time::Micros;

use super::mirror::millionths;
use crate::{
    decode::Cursor,
    defaults,
    diagnostic::Code,
    document::{ActiveMax, Fault},
    limits::FAULT_DELAY_US_MAX,
    plan::{Context, PlannedFault, conditions},
};

/// Resolves a fault.
pub(super) fn plan(fault: &Fault, context: Context<'_>, at: &mut Cursor) -> PlannedFault {
    if fault.delay.is_none() && fault.abort.is_none() {
        at.error(Code::MissingField, "a fault that does nothing", "`delay`, `abort` or both");
    }
    let delay = fault.delay.as_ref().map_or(Micros::ZERO, |delay| delay.time.micros());
    if delay.0 > FAULT_DELAY_US_MAX {
        at.at_field("delay", |at| {
            at.at_field("time", |at| {
                at.error(Code::OutOfRange, &format!("{delay}"), "at most an hour");
            });
        });
    }
    let headers = fault.headers.as_ref();
    let query = fault.query.as_ref();
    PlannedFault {
        conditions: conditions::all(headers, query, fault.flags.as_ref(), context, at),
        delay,
        delay_millionths: fault.delay.as_ref().map_or(0, |delay| millionths(delay.percent)),
        abort_status: fault.abort.as_ref().map_or(0, |abort| abort.status.value()),
        abort_millionths: fault.abort.as_ref().map_or(0, |abort| millionths(abort.percent)),
        active_max: fault.max_active.map_or(defaults::FAULT_ACTIVE_MAX, ActiveMax::value),
    }
}
