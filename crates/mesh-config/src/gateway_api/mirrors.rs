//! Copies of requests.

use super::{filters::FilterScope, route_objects::RequestMirror, translation::Translation};
use crate::{
    decode::Cursor,
    diagnostic::Code,
    document::{Denominator, Filter, Fraction, Mirror},
    limits::MIRRORS_MAX,
};

/// What a fraction without denominator is of.
const PER_CENT: u32 = 100;

/// Translates a mirror. One that cannot work is left out: the request goes its way without it, a
/// copy less, and whoever asked is told.
pub(super) fn translate(
    from: &RequestMirror,
    scope: &FilterScope<'_>,
    out: &mut Translation,
    at: &mut Cursor,
) -> Option<Filter> {
    let unusable = if scope.mirrors >= MIRRORS_MAX {
        Some(format!("more than {MIRRORS_MAX} mirrors of one request, of which this is left out"))
    } else if from.percent.is_some() && from.fraction.is_some() {
        Some("both `percent` and `fraction`, so this mirror is left out".to_owned())
    } else if from.fraction.as_ref().is_some_and(exceeds_one) {
        Some("a fraction above 1, so this mirror is left out".to_owned())
    } else {
        None
    };
    if let Some(why) = unusable {
        at.warning(Code::Unsupported, &why, "");
        out.partly(why);
        return None;
    }
    let Some(backend) = &from.backend else {
        at.warning(Code::UnresolvedReference, "a mirror without `backendRef`", "");
        out.partly("a mirror without backendRef".to_owned());
        return None;
    };
    match scope.inventory.resolve(scope.kind, scope.namespace, backend) {
        Ok(found) => Some(Filter::Mirror(Mirror {
            service: found.service.clone(),
            percent: from.percent,
            fraction: from.fraction.clone(),
        })),
        Err(refusal) => {
            let found = format!("a mirror to {}, which is left out", refusal.message);
            at.warning(Code::UnresolvedReference, &found, "");
            out.unresolved.get_or_insert(refusal);
            None
        }
    }
}

fn exceeds_one(fraction: &Fraction) -> bool {
    fraction.numerator.value() > fraction.denominator.map_or(PER_CENT, Denominator::value)
}
