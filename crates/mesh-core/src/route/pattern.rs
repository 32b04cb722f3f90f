//! Path patterns as people write them: `/users/me`, `/users/{id}`, `/static/*`.

use alloc::vec::Vec;
use core::fmt;

use crate::{
    limits::{PARAMS_MAX, PATH_BYTES_MAX, PATH_SEGMENTS_MAX},
    path::normalize,
};

/// How a path is compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the Gateway API's three, and templates")]
pub enum PathKind {
    /// The whole path, byte for byte.
    Exact,
    /// Whole segments from the front: `/a` takes `/a`, `/a/` and `/a/b`, not `/ab`.
    Prefix,
    /// Segments, some of them `{name}`; a last segment `*` makes it a prefix.
    Template,
}

/// Why a pattern is no pattern.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PatternError {
    /// It does not begin with `/`.
    NoSlash,
    /// A `{` or `}` that does not enclose one whole segment, or an empty or ill-formed name.
    Braces,
    /// Two parameters of one name.
    DuplicateParam,
    /// A `*` that is not the whole last segment.
    Star,
    /// Its normal form is another path, so it could never match: an empty or dot segment, a
    /// control byte, an escape of a plain character.
    NotNormal,
    /// More than 64 segments, 16 parameters or 16384 bytes.
    TooLong,
}

impl PatternError {
    /// What is wrong, as a sentence's part.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::NoSlash => "a path begins with `/`",
            Self::Braces => {
                "`{name}` takes a whole segment, with a name of letters, digits and `_`"
            }
            Self::DuplicateParam => "two parameters have the same name",
            Self::Star => "`*` is a whole segment and the last one",
            Self::NotNormal => {
                "the path is not in normal form (empty, `.` or `..` segment, needless escape), so \
                 no request could match it"
            }
            Self::TooLong => "at most 64 segments, 16 parameters and 16384 bytes",
        }
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl core::error::Error for PatternError {}

/// One segment of a pattern.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Segment<'a> {
    /// Exactly these bytes.
    Literal(&'a [u8]),
    /// Any one non-empty segment, under this name.
    Param(&'a [u8]),
}

/// A parsed pattern.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PathTemplate<'a> {
    pub(crate) segments: Vec<Segment<'a>>,
    /// True where the path may go on.
    pub(crate) open: bool,
}

impl<'a> PathTemplate<'a> {
    /// Parses `pattern` as `kind` says.
    ///
    /// # Errors
    /// [`PatternError`] where it could never match, or is ill-formed.
    pub fn parse(kind: PathKind, pattern: &'a [u8]) -> Result<Self, PatternError> {
        let body = pattern.strip_prefix(b"/").ok_or(PatternError::NoSlash)?;
        if pattern.len() > PATH_BYTES_MAX {
            return Err(PatternError::TooLong);
        }
        if normalize(pattern, &mut Vec::new()) != Ok(pattern) {
            return Err(PatternError::NotNormal);
        }
        let mut parsed = Self { segments: Vec::new(), open: kind == PathKind::Prefix };
        let mut rest = Some(body);
        while let Some(current) = rest {
            let at = current.iter().position(|&byte| byte == b'/');
            let (segment, after) = match at.and_then(|at| current.split_at_checked(at)) {
                Some((segment, after)) => (segment, after.get(1..)),
                None => (current, None),
            };
            rest = after;
            let last = rest.is_none();
            if kind == PathKind::Template && segment.iter().any(|&byte| byte == b'*') {
                if segment != b"*" || !last {
                    return Err(PatternError::Star);
                }
                parsed.open = true;
            } else if !(last && segment.is_empty() && kind == PathKind::Prefix) {
                parsed.push(kind, segment)?;
            }
        }
        parsed.check()?;
        Ok(parsed)
    }

    fn push(&mut self, kind: PathKind, segment: &'a [u8]) -> Result<(), PatternError> {
        if kind == PathKind::Template && segment.iter().any(|&byte| matches!(byte, b'{' | b'}')) {
            let name = segment
                .strip_prefix(b"{")
                .and_then(|inner| inner.strip_suffix(b"}"))
                .filter(|name| !name.is_empty() && name.iter().all(|&b| is_name_byte(b)))
                .ok_or(PatternError::Braces)?;
            self.segments.push(Segment::Param(name));
            return Ok(());
        }
        self.segments.push(Segment::Literal(segment));
        Ok(())
    }

    fn check(&self) -> Result<(), PatternError> {
        let names = || {
            self.segments.iter().filter_map(|segment| match segment {
                Segment::Param(name) => Some(*name),
                Segment::Literal(_) => None,
            })
        };
        if self.segments.len() >= PATH_SEGMENTS_MAX || names().count() > PARAMS_MAX {
            return Err(PatternError::TooLong);
        }
        let twice = names().enumerate().any(|(at, name)| names().skip(at + 1).any(|n| n == name));
        if twice { Err(PatternError::DuplicateParam) } else { Ok(()) }
    }
}

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_is_wrong() {
        use PathKind::{Exact, Prefix, Template};
        for (kind, pattern, expected) in [
            (Exact, "", Some(PatternError::NoSlash)),
            (Exact, "/", None),
            (Exact, "/a/{b}", None),
            (Exact, "/a//b", Some(PatternError::NotNormal)),
            (Exact, "/a/../b", Some(PatternError::NotNormal)),
            (Exact, "/%61", Some(PatternError::NotNormal)),
            (Prefix, "/a/", None),
            (Template, "/users/{id}", None),
            (Template, "/users/{id}/*", None),
            (Template, "/*", None),
            (Template, "/a/*/b", Some(PatternError::Star)),
            (Template, "/a*", Some(PatternError::Star)),
            (Template, "/{}", Some(PatternError::Braces)),
            (Template, "/{a", Some(PatternError::Braces)),
            (Template, "/x{a}", Some(PatternError::Braces)),
            (Template, "/{a}/{a}", Some(PatternError::DuplicateParam)),
        ] {
            let parsed = PathTemplate::parse(kind, pattern.as_bytes());
            assert_eq!(parsed.err(), expected, "{pattern}");
        }
    }
}
