//! What is wrong, or doubtful, with a document: one finding, and the bounded list of them.
//!
//! A finding names the place, what was found and what was expected. It never repeats credentials,
//! and its `code` is stable: tools may match on it, the words may change.

use core::fmt;

use serde::Serialize;

use crate::limits::DIAGNOSTICS_MAX;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "a document compiles with it or does not")]
pub enum Severity {
    /// The document cannot be used.
    Error,
    /// It can, but probably does not do what was meant.
    Warning,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// What kind of finding it is.
        #[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
        #[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* #[serde(rename = $text)] $variant,)* }

        impl Code {
            /// The stable name, in kebab case.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

codes! {
    /// The text is no JSON.
    Syntax = "syntax",
    /// A bound of [`crate::limits`] is passed.
    TooLarge = "too-large",
    /// Nested deeper than [`crate::limits::DEPTH_MAX`].
    TooDeep = "too-deep",
    /// One object has a field twice.
    DuplicateKey = "duplicate-key",
    /// No such field.
    UnknownField = "unknown-field",
    /// A field that must be there is not.
    MissingField = "missing-field",
    /// A string where a number belongs, and the like.
    WrongType = "wrong-type",
    /// A string that is none of the known names.
    UnknownName = "unknown-name",
    /// A number outside its range.
    OutOfRange = "out-of-range",
    /// No duration.
    InvalidDuration = "invalid-duration",
    /// No size in bytes.
    InvalidSize = "invalid-size",
    /// No name: of a service, the mesh, a region.
    InvalidName = "invalid-name",
    /// No address of an endpoint.
    InvalidAddress = "invalid-address",
    /// Plain `http` to another machine.
    InsecureAddress = "insecure-address",
    /// No status or range of statuses.
    InvalidStatus = "invalid-status",
    /// No host or host pattern.
    InvalidHost = "invalid-host",
    /// No origin of web pages.
    InvalidOrigin = "invalid-origin",
    /// No version or range of versions.
    InvalidVersion = "invalid-version",
    /// No path or path pattern.
    InvalidPath = "invalid-path",
    /// No header name or value.
    InvalidHeader = "invalid-header",
    /// No regular expression, or one that is too large.
    InvalidExpression = "invalid-expression",
    /// A rule or a case names a service that the document does not have.
    UnknownService = "unknown-service",
    /// A rule asks for a feature flag that the document does not have.
    UnknownFlag = "unknown-flag",
    /// Two fields that exclude each other.
    ConflictingFields = "conflicting-fields",
    /// A rule that sends nowhere.
    NoBackend = "no-backend",
    /// All weights are zero.
    NoWeight = "no-weight",
    /// A service without endpoints.
    NoEndpoint = "no-endpoint",
    /// The same endpoint twice.
    DuplicateEndpoint = "duplicate-endpoint",
    /// `consistentHash` without a key, or a key without `consistentHash`.
    HashKey = "hash-key",
    /// `geographic` without any location.
    NoLocation = "no-location",
    /// Times that contradict each other.
    TimeoutOrder = "timeout-order",
    /// A backend asks for a version that no endpoint has.
    NoVersion = "no-version",
    /// A service falls back to itself.
    SelfFallback = "self-fallback",
    /// A setting that changes nothing where it stands.
    NoEffect = "no-effect",
    /// Two rules, two cases, or two rate limits of one list, of one name.
    DuplicateName = "duplicate-name",
    /// A filter that cannot work on its rule.
    InvalidFilter = "invalid-filter",
    /// Two rules that match the same requests.
    ConflictingRules = "conflicting-rules",
    /// A rule that no request reaches.
    UnreachableRule = "unreachable-rule",
    /// An imported object asks for what the document cannot say.
    Unsupported = "unsupported",
    /// An imported object names another that is not there, or that it may not name.
    UnresolvedReference = "unresolved-reference",
}

/// One finding.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of finding it is; stable.
    pub code: Code,
    /// Where: `services.user-service.endpoints[0]`; empty for the document as a whole.
    pub path: String,
    /// What was found there.
    pub found: String,
    /// What was expected; empty where there is nothing to add.
    pub expected: String,
    /// What to write instead, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The other place, where two contradict each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related: Option<String>,
    /// All of it in one line, for people.
    pub message: String,
}

impl Diagnostic {
    /// An error at `path`.
    #[must_use]
    pub fn error(code: Code, path: &str, found: &str, expected: &str) -> Self {
        Self::new(Severity::Error, code, path, found, expected)
    }

    /// A warning at `path`.
    #[must_use]
    pub fn warning(code: Code, path: &str, found: &str, expected: &str) -> Self {
        Self::new(Severity::Warning, code, path, found, expected)
    }

    fn new(severity: Severity, code: Code, path: &str, found: &str, expected: &str) -> Self {
        let diagnostic = Self {
            severity,
            code,
            path: path.to_owned(),
            found: found.to_owned(),
            expected: expected.to_owned(),
            hint: None,
            related: None,
            message: String::new(),
        };
        diagnostic.worded()
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self.worded()
    }

    /// Adds the other place.
    #[must_use]
    pub fn with_related(mut self, path: &str) -> Self {
        self.related = Some(path.to_owned());
        self.worded()
    }

    /// The same finding of a part that stands in `whole`.
    pub(crate) fn within(mut self, whole: &str) -> Self {
        let within = |path: &str| match path.chars().next() {
            None => whole.to_owned(),
            Some('[') => format!("{whole}{path}"),
            Some(_) => format!("{whole}.{path}"),
        };
        self.path = within(&self.path);
        self.related = self.related.map(|path| within(&path));
        self.worded()
    }

    fn worded(mut self) -> Self {
        use fmt::Write;
        let mut line = String::new();
        let place = if self.path.is_empty() { "(document)" } else { &self.path };
        // a String takes all that is written to it
        let _ = write!(line, "{place}: {}", self.found);
        if !self.expected.is_empty() {
            let _ = write!(line, "; expected {}", self.expected);
        }
        if let Some(related) = &self.related {
            let _ = write!(line, " (see {related})");
        }
        if let Some(hint) = &self.hint {
            let _ = write!(line, " \u{2014} {hint}");
        }
        self.message = line;
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Findings in the order in which they were made, at most
/// [`DIAGNOSTICS_MAX`] of them.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    /// How many more there were.
    more: usize,
    /// How many of all are errors.
    errors: usize,
}

impl Diagnostics {
    /// Adds a finding; past the bound it is only counted.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if diagnostic.severity == Severity::Error {
            self.errors = self.errors.saturating_add(1);
        }
        if self.list.len() < DIAGNOSTICS_MAX {
            self.list.push(diagnostic);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// The findings that were kept.
    pub fn iter(&self) -> core::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// How many were found beyond those kept.
    #[must_use]
    pub const fn more(&self) -> usize {
        self.more
    }

    /// How many of all are errors.
    #[must_use]
    pub const fn errors(&self) -> usize {
        self.errors
    }

    /// True where nothing was found.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// True where an error was found at `path`, within it, or around it: what stands there is then
    /// not known well enough to say more about it.
    pub(crate) fn covers(&self, path: &str) -> bool {
        let within = |outer: &str, inner: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| {
                outer.is_empty() || rest.is_empty() || rest.starts_with(['.', '['])
            })
        };
        self.list.iter().any(|found| {
            // a field that is merely unknown says nothing about the others, unless it is a typo
            let blind = found.code == Code::UnknownField && found.hint.is_none();
            found.severity == Severity::Error
                && !blind
                && (within(path, &found.path) || within(&found.path, path))
        })
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = core::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in &self.list {
            let word = match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            writeln!(f, "{word}[{}] {diagnostic}", diagnostic.code.name())?;
        }
        if self.more > 0 {
            writeln!(f, "and {} more", self.more)?;
        }
        Ok(())
    }
}

impl core::error::Error for Diagnostics {}
