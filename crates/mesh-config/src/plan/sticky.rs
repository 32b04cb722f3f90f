//! What keeps callers with one backend.

use mesh_core::time::Micros;

use super::PlannedSticky;
use crate::{
    decode::Cursor,
    diagnostic::Code,
    document::{
        CookiePath, HashKey, HashOn, HashSource, Sticky, StickyCookie, StickyCookieSettings,
        StickyKey, StickySource, TimeSpan,
    },
};

/// Resolves the field `sticky` of a rule with so many backends.
pub(super) fn plan(
    sticky: Option<&Sticky>,
    backends: usize,
    at: &mut Cursor,
) -> Option<PlannedSticky> {
    let sticky = sticky?;
    at.at_field("sticky", |at| {
        if backends < 2 {
            at.warning(
                Code::NoEffect,
                "a sticky rule without a choice of backends",
                "two `backends` or more; `consistentHash` keeps callers with an endpoint",
            );
        }
        let (on, cookie) = match sticky {
            Sticky::Source(source) => (HashOn::Source(source_of(*source)), None),
            Sticky::Key(StickyKey::Header(name)) => {
                (HashOn::Key(HashKey::Header(name.clone())), None)
            }
            Sticky::Key(StickyKey::Query(name)) => {
                (HashOn::Key(HashKey::Query(name.clone())), None)
            }
            Sticky::Key(StickyKey::Cookie(cookie)) => at.at_field("cookie", |at| {
                let settings = StickyCookie::settings(cookie);
                check_age(settings.max_age, at);
                let attributes = attributes(&settings);
                (HashOn::Key(HashKey::Cookie(settings.name)), Some(attributes))
            }),
        };
        Some(PlannedSticky { on, cookie })
    })
}

const fn source_of(source: StickySource) -> HashSource {
    match source {
        StickySource::ClientAddress => HashSource::ClientAddress,
        StickySource::Principal => HashSource::Principal,
        StickySource::Tenant => HashSource::Tenant,
    }
}

fn check_age(age: Option<TimeSpan>, at: &mut Cursor) {
    if let Some(age) = age.map(TimeSpan::micros).filter(|age| *age < Micros::from_secs(1)) {
        at.at_field("maxAge", |at| {
            at.error(Code::OutOfRange, &format!("{age}"), "at least a second, from 1s to 24h");
        });
    }
}

/// What follows name and value in `Set-Cookie`; hosts add `Secure` on https.
fn attributes(settings: &StickyCookieSettings) -> String {
    let path = settings.path.as_ref().map_or("/", CookiePath::as_str);
    let mut text = format!("; Path={path}; HttpOnly; SameSite=Lax");
    if let Some(age) = settings.max_age {
        text.push_str(&format!("; Max-Age={}", age.micros().0 / 1_000_000));
    }
    if let Some(domain) = &settings.domain {
        text.push_str(&format!("; Domain={domain}"));
    }
    text
}
