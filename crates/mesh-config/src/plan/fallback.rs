//! Where requests go that got no good answer.

use super::{Context, PlannedFallback, filters::direct};
use crate::{
    decode::Cursor,
    diagnostic::Code,
    document::{Fallback, FallbackTarget},
};

/// Resolves the field `fallback` of a rule or a service.
pub(super) fn plan(
    fallback: Option<&Fallback>,
    context: Context<'_>,
    at: &mut Cursor,
) -> Option<PlannedFallback> {
    let fallback = fallback?;
    let short = matches!(fallback, Fallback::Service(_));
    at.at_field("fallback", |at| match fallback.target() {
        FallbackTarget::Service(name) => {
            let find = |at: &mut Cursor| context.service(&name, at);
            let number = if short { find(at) } else { at.at_field("service", find) };
            number.map(|number| PlannedFallback::Service(number, Box::new(context.settings(&name))))
        }
        FallbackTarget::DirectResponse(answer) => {
            let answer = at.at_field("directResponse", |at| direct::plan(&answer, at));
            Some(PlannedFallback::Response(answer))
        }
    })
}

/// Notes a service that falls back to itself.
pub(super) fn note_itself(name: &str, at: &mut Cursor) {
    let found = format!("`{name}` as its own fallback");
    at.error(Code::SelfFallback, &found, "another service, or a `directResponse`");
}

impl PlannedFallback {
    /// True where it is the service of that name.
    pub(super) fn is_to(&self, context: Context<'_>, name: &str) -> bool {
        match self {
            Self::Service(number, _) => context.number(name) == Some(*number),
            Self::Response(_) => false,
        }
    }
}
