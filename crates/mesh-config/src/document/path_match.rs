//! Paths, and patterns of paths.

use mesh_core::route::{PathKind, PathTemplate, PatternError};

use crate::{
    decode::{Cursor, Decode, ParseError, names, object, text, wrong_type},
    diagnostic::Code,
    limits::VALUE_BYTES_MAX,
    node::Node,
};

text! {
    /// A path as people write it: `/users` is exactly that, `/users/{id}` takes any one segment
    /// under the name `id`, and a last segment `*` takes the path before it and all below:
    /// `/users/*` takes `/users`, `/users/` and `/users/1/cart`.
    pub struct PathText is "a path", checked by template, pattern "^/[!-~]{0,4095}$";
}

text! {
    /// A path that is sent: it begins with `/` and has no query.
    pub struct RequestPath is "a path that begins with `/`", checked by request_path,
        pattern "^/[!-~]{0,4095}$";
}

names! {
    /// How a path is compared.
    pub enum PathType is "a path type" {
        /// The whole path.
        Exact = "Exact",
        /// Whole segments from the front: `/a` takes `/a`, `/a/` and `/a/b`, not `/ab`.
        PathPrefix = "PathPrefix",
        /// A regular expression over the whole path.
        RegularExpression = "RegularExpression",
        /// As the short form has it: `{name}` takes a segment, a last `*` all below.
        Template = "Template",
    }
}

/// A path to match: text (`"/users/{id}"`, `"/users/*"`), or a type and a value.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "a short form and a long one")]
pub enum PathMatch {
    /// As people write it.
    Text(PathText),
    /// A type and a value.
    Typed(TypedPath),
}

object! {
    /// A path to match, with the way it is compared.
    pub struct TypedPath is "an object with `type` and `value`" {
        required {
            /// The path, prefix, expression or template.
            "value" => value: String,
        }
        optional {
            /// How it is compared.
            "type" => path_type: PathType = "PathPrefix",
        }
    }
}

impl PathMatch {
    /// How it is compared, and with what. A text is a template.
    #[must_use]
    pub fn typed(&self) -> (PathType, &str) {
        match self {
            Self::Text(text) => (PathType::Template, text.as_str()),
            Self::Typed(typed) => {
                (typed.path_type.unwrap_or(PathType::PathPrefix), typed.value.as_str())
            }
        }
    }
}

fn template(text: &str) -> Result<String, ParseError> {
    check_path(PathKind::Template, text).map(|()| text.to_owned())
}

/// Checks a path of any kind but an expression.
pub(crate) fn check_path(kind: PathKind, text: &str) -> Result<(), ParseError> {
    if text.len() > VALUE_BYTES_MAX {
        return Err(ParseError::new(Code::InvalidPath, "a path of at most 4096 bytes"));
    }
    let Err(error) = PathTemplate::parse(kind, text.as_bytes()) else { return Ok(()) };
    let expected = match error {
        PatternError::NoSlash => "a path that begins with `/`",
        PatternError::Braces => {
            "`{name}` as a whole segment, with a name of letters, digits, `_` and `-`"
        }
        PatternError::DuplicateParam => "each parameter name once",
        PatternError::Star => "`*` only as the whole last segment",
        PatternError::NotNormal => {
            "a path in normal form: no empty or dot segments, no needless escapes"
        }
        PatternError::TooLong => "at most 64 segments and 16 parameters",
        _ => "a path pattern",
    };
    let found = ParseError::new(Code::InvalidPath, expected);
    Err(match suggestion(kind, error, text) {
        Some(better) => found.with_hint(format!("did you mean \"{better}\"?")),
        None => found,
    })
}

/// What was probably meant, where that is a pattern.
fn suggestion(kind: PathKind, error: PatternError, text: &str) -> Option<String> {
    let better = match error {
        PatternError::NoSlash => format!("/{text}"),
        PatternError::NotNormal if !text.contains(['{', '}', '*']) => {
            let mut scratch = Vec::new();
            let normal = mesh_core::path::normalize(text.as_bytes(), &mut scratch).ok()?;
            String::from_utf8(normal.to_vec()).ok()?
        }
        // `/users/:id`-like names and `/static/**`-like stars of other routers
        PatternError::Star => format!("{}/*", text.trim_end_matches('*').trim_end_matches('/')),
        _ => return None,
    };
    PathTemplate::parse(kind, better.as_bytes()).is_ok().then_some(better)
}

fn request_path(text: &str) -> Result<String, ParseError> {
    let mut scratch = Vec::new();
    let normal = mesh_core::path::normalize(text.as_bytes(), &mut scratch);
    if text.len() <= VALUE_BYTES_MAX && normal == Ok(text.as_bytes()) {
        return Ok(text.to_owned());
    }
    Err(ParseError::new(
        Code::InvalidPath,
        "a path that begins with `/`, in normal form, without query: \"/health\"",
    ))
}

impl Decode for PathMatch {
    fn expected() -> String {
        "a path like \"/users/{id}\" or \"/users/*\", or an object with `type` and `value`"
            .to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Text(_) => PathText::decode(node, at).map(Self::Text),
            Node::Object(_) => TypedPath::decode(node, at).map(Self::Typed),
            _ => wrong_type(node, at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named_and_what_was_meant_is_hinted() {
        for (text, hint) in [
            ("users", Some("did you mean \"/users\"?")),
            ("/a/**", Some("did you mean \"/a/*\"?")),
            ("/a*", Some("did you mean \"/a/*\"?")),
            ("/a//b", Some("did you mean \"/a/b\"?")),
            ("/a/*/b", None),
            ("/{a}/{a}", None),
            ("/{a", None),
        ] {
            assert_eq!(PathText::parse(text).unwrap_err().hint().as_deref(), hint, "{text}");
        }
        for text in ["/", "/*", "/a", "/a/", "/users/{id}/cart/*"] {
            assert!(PathText::parse(text).is_ok(), "{text}");
        }
        assert!(RequestPath::parse("/health?x=1").is_err());
        assert!(RequestPath::parse("/health").is_ok());
    }
}
