//! How many requests a caller may send.

use mesh_core::rate_limit::Guarantee;

use super::{BindingName, HashOn, TimeSpan};
use crate::{
    decode::{ParseError, names, object, text, whole},
    diagnostic::Code,
    limits::LIMIT_NAME_BYTES_MAX,
};

whole! {
    /// A number of requests.
    pub struct Requests(u32) from 1 to 1000000000;
}

names! {
    /// Who counts the requests of a limit.
    pub enum LimitTier is "a tier of rate limits" {
        /// Each isolate for itself.
        Local = "local",
        /// Those of one of Cloudflare's locations together, by the rate-limit binding that `binding`
        /// names.
        Location = "location",
        /// All of them together, by tokens that isolates lease from the registry's Worker.
        Global = "global",
    }
}

text! {
    /// The name of a rate limit, as callers see it in `RateLimit-Policy`.
    pub struct LimitName is "the name of a rate limit", checked by name,
        pattern "^[!#-:<-\\[\\]-~]{1,64}$";
}

object! {
    /// A rate limit: so many requests in a time, for each value of a key (GCRA).
    pub struct RateLimit is "an object with `requests`, `per`, `by`, …" {
        required {
            /// Requests that are let through in `per`.
            "requests" => requests: Requests,
        }
        optional {
            /// Its name. By default that of the rule or the service.
            "name" => name: LimitName,
            /// The time, from 1 ms to a day.
            "per" => per: TimeSpan = crate::defaults::LIMIT_PER_MS,
            /// Requests that may come at once. By default as many as `requests`.
            "burst" => burst: Requests,
            /// What tells callers apart. By default nothing: all share one limit.
            "by" => by: HashOn,
            /// Who counts. What counts for more than an isolate never keeps a request waiting: until
            /// an isolate heard from it, the limit holds there alone, and the answer says so.
            "tier" => tier: LimitTier = "local",
            /// The rate-limit binding of the tier `location`. Its own limit is that of its declaration.
            "binding" => binding: BindingName,
        }
    }
}

impl LimitTier {
    /// What an answer that it counted holds for.
    #[must_use]
    pub const fn guarantee(self) -> Guarantee {
        match self {
            Self::Local => Guarantee::Isolate,
            Self::Location => Guarantee::Location,
            Self::Global => Guarantee::Global,
        }
    }
}

/// True for what a name may hold: visible ASCII but for what a quoted string would have to escape.
pub(crate) const fn is_limit_name_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b';')
}

fn name(text: &str) -> Result<String, ParseError> {
    let plain = text.bytes().all(is_limit_name_byte);
    if !text.is_empty() && text.len() <= LIMIT_NAME_BYTES_MAX && plain {
        return Ok(text.to_owned());
    }
    Err(ParseError::new(
        Code::InvalidName,
        "1 to 64 visible ASCII characters without spaces, quotes, semicolons and backslashes",
    ))
}

impl LimitName {
    /// The nearest name to any text; without a usable character it is `limit`.
    pub(crate) fn nearest_to(text: &str) -> Self {
        let usable = |c: char| match u8::try_from(c) {
            Ok(byte) if is_limit_name_byte(byte) => c,
            Ok(_) | Err(_) => '-',
        };
        let name: String = text.chars().take(LIMIT_NAME_BYTES_MAX).map(usable).collect();
        if name.bytes().all(|byte| byte == b'-') { Self("limit".to_owned()) } else { Self(name) }
    }
}
