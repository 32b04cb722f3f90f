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
    /// The path may go on from here.
    Open,
}

/// The segments of a pattern that passed [`check`]; of another one, up to what is wrong.
#[derive(Clone, Debug)]
pub(crate) struct Segments<'a> {
    kind: PathKind,
    rest: Option<&'a [u8]>,
    wrong: Option<PatternError>,
}

impl<'a> Segments<'a> {
    pub(crate) fn new(kind: PathKind, pattern: &'a [u8]) -> Self {
        Self { kind, rest: pattern.get(1..), wrong: None }
    }

    fn template(&mut self, segment: &'a [u8], last: bool) -> Option<Segment<'a>> {
        if segment == b"*" && last {
            return Some(Segment::Open);
        }
        #[expect(clippy::manual_contains, reason = "`contains` brings a memchr, 300 bytes of wasm")]
        if segment.iter().any(|&byte| byte == b'*') {
            self.wrong = Some(PatternError::Star);
            return None;
        }
        if !segment.iter().any(|&byte| matches!(byte, b'{' | b'}')) {
            return Some(Segment::Literal(segment));
        }
        let name = segment.strip_prefix(b"{").and_then(|inner| inner.strip_suffix(b"}"));
        match name.filter(|name| !name.is_empty() && name.iter().all(|&b| is_name_byte(b))) {
            Some(name) => Some(Segment::Param(name)),
            None => {
                self.wrong = Some(PatternError::Braces);
                None
            }
        }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        let current = self.rest.take()?;
        let at = current.iter().position(|&byte| byte == b'/').unwrap_or(current.len());
        let segment = current.get(..at)?;
        self.rest = current.get(at.saturating_add(1)..).filter(|_| at < current.len());
        let last = self.rest.is_none();
        match self.kind {
            PathKind::Template => self.template(segment, last),
            PathKind::Prefix if last && segment.is_empty() => Some(Segment::Open),
            PathKind::Prefix | PathKind::Exact => Some(Segment::Literal(segment)),
        }
    }
}

/// Says what is wrong with a pattern, if anything.
pub(crate) fn check(kind: PathKind, pattern: &[u8]) -> Result<(), PatternError> {
    if !pattern.starts_with(b"/") {
        return Err(PatternError::NoSlash);
    }
    if pattern.len() > PATH_BYTES_MAX {
        return Err(PatternError::TooLong);
    }
    if normalize(pattern, &mut Vec::new()) != Ok(pattern) {
        return Err(PatternError::NotNormal);
    }
    let mut segments = Segments::new(kind, pattern);
    let (mut count, mut params) = (0, 0);
    while let Some(segment) = segments.next() {
        count += 1;
        if let Segment::Param(_) = segment {
            params += 1;
            if segments.clone().any(|later| later == segment) {
                return Err(PatternError::DuplicateParam);
            }
        }
    }
    if let Some(wrong) = segments.wrong {
        return Err(wrong);
    }
    if count >= PATH_SEGMENTS_MAX || params > PARAMS_MAX {
        return Err(PatternError::TooLong);
    }
    Ok(())
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
        check(kind, pattern)?;
        let mut segments: Vec<_> = Segments::new(kind, pattern).collect();
        let open = segments.last() == Some(&Segment::Open);
        if open {
            segments.pop();
        }
        Ok(Self { segments, open: open || kind == PathKind::Prefix })
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
