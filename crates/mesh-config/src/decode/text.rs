//! Strings with a grammar.

use core::fmt;

use crate::diagnostic::Code;

/// Why a text is not of its kind.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParseError {
    code: Code,
    expected: &'static str,
    found: Option<String>,
    hint: Option<String>,
}

impl ParseError {
    pub(crate) const fn new(code: Code, expected: &'static str) -> Self {
        Self { code, expected, found: None, hint: None }
    }

    /// Says what was found, in place of the text itself: it is secret, or only a part is wrong.
    pub(crate) fn with_found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What kind of error it is.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// What the text should have been.
    #[must_use]
    pub const fn expected(&self) -> &'static str {
        self.expected
    }

    pub(crate) fn found(&self) -> Option<&str> {
        self.found.as_deref()
    }

    pub(crate) fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(found) = &self.found {
            write!(f, "{found}; ")?;
        }
        write!(f, "expected {}", self.expected)
    }
}

impl core::error::Error for ParseError {}

/// Declares a string that a function checks and brings to its normal form.
///
/// `pattern` is what the schema can say of it: it never refuses what the function takes.
macro_rules! text {
    (
        $(#[$meta:meta])*
        pub struct $name:ident is $what:literal, checked by $check:path, pattern $pattern:literal;
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
        #[serde(transparent)]
        pub struct $name(
            #[cfg_attr(feature = "schema", schemars(extend("pattern" = $pattern)))] String,
        );

        impl $name {
            #[doc = concat!("Reads ", $what, ".")]
            ///
            /// # Errors
            /// [`ParseError`](crate::document::ParseError) says what was expected.
            pub fn parse(text: &str) -> Result<Self, $crate::decode::ParseError> {
                $check(text).map(Self)
            }

            /// Its normal form.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl $crate::decode::Decode for $name {
            fn expected() -> String {
                $what.to_owned()
            }

            fn decode(
                node: &$crate::node::Node,
                at: &mut $crate::decode::Cursor,
            ) -> Option<Self> {
                let $crate::node::Node::Text(text) = node else {
                    return $crate::decode::wrong_type(node, at);
                };
                match Self::parse(text) {
                    Ok(found) => Some(found),
                    Err(error) => {
                        at.parse_error(node, &error);
                        None
                    }
                }
            }
        }
    };
}
pub(crate) use text;
