//! A file of cases, as it is read.

use alloc::collections::BTreeMap;

use crate::{
    decode::{Cursor, Decode, object, wrong_type},
    diagnostic::{Code, Diagnostics},
    explain::{ExplainRequest, RequestHeaders},
    limits::CASES_MAX,
    node::{Node, excerpt},
};

object! {
    /// Requests and what is expected to become of them.
    #[derive(Default)]
    pub struct TestCases is "an object with `cases`" {
        required {
            /// The cases; at least one.
            "cases" => cases: CaseList,
        }
        optional {
            /// Where an editor finds the schema of this file.
            "$schema" => schema: String,
        }
    }
}

object! {
    /// A request and what is expected to become of it.
    pub struct TestCase is "a case: an object with `request` and `expect`" {
        required {
            /// The request: `"GET https://shop.example.com/users/1"`, or an object as `explain` takes it.
            "request" => request: TestRequest,
            /// What is expected.
            "expect" => expect: Expectation,
        }
        optional {
            /// Its name; by default the request.
            "name" => name: String,
            /// Headers of a request that is given as text.
            "headers" => headers: RequestHeaders,
        }
    }
}

/// Cases whose names differ.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(type = "TestCase[]"))]
#[serde(transparent)]
#[expect(clippy::exhaustive_structs, reason = "a list")]
pub struct CaseList(pub Vec<TestCase>);

/// A request: `"GET https://shop.example.com/users/1"`, or an object as `explain` takes it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "a short form and a long one")]
pub enum TestRequest {
    /// Method and URL, or a URL alone.
    Text(String),
    /// All that can be said of a request.
    Request(ExplainRequest),
}

/// What is expected: fields of an explanation, or the short names for them.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "typescript",
    derive(tsify::Tsify),
    tsify(
        type = "{ rule?: string | object; service?: string | object; backends?: string[] | Record<string, number | object>; reason?: string; status?: number; location?: string; body?: string; path?: string; host?: string; params?: Record<string, string>; requestHeaders?: Edits; responseHeaders?: Edits; timeout?: Timeout; retries?: number | object; limits?: Record<string, number | object>; mirrors?: string[] | Record<string, number | object>; fallback?: string; [field: string]: unknown }"
    )
)]
pub struct Expectation(pub(super) Vec<(String, Node)>);

impl TestCases {
    /// Reads cases from a node tree.
    ///
    /// # Errors
    /// All that is wrong with their shape. What only shows beside a document (the name of a rule
    /// that it does not have) shows in [`crate::cases::test_cases`].
    pub fn decode(node: &Node) -> Result<Self, Diagnostics> {
        let mut at = Cursor::default();
        let cases = <Self as Decode>::decode(node, &mut at);
        cases.filter(|_| at.diagnostics.errors() == 0).ok_or(at.diagnostics)
    }
}

impl TestCase {
    /// The request to explain.
    pub(super) fn asked(&self) -> ExplainRequest {
        match &self.request {
            TestRequest::Request(request) => request.clone(),
            TestRequest::Text(text) => {
                let (method, url) = method_of(text);
                ExplainRequest {
                    url: url.to_owned(),
                    method: method.map(str::to_owned),
                    headers: self.headers.clone(),
                    ..ExplainRequest::default()
                }
            }
        }
    }
}

impl TestRequest {
    /// The request in a few words.
    pub(super) fn title(&self) -> String {
        match self {
            Self::Text(text) => excerpt(text),
            Self::Request(request) => {
                let method = request.method.as_deref().unwrap_or("GET");
                let by_name = request.service.as_ref().map(|name| format!(" at {name}"));
                excerpt(&format!("{method} {}{}", request.url, by_name.unwrap_or_default()))
            }
        }
    }
}

/// The method before a URL, where there is one.
fn method_of(text: &str) -> (Option<&str>, &str) {
    match text.trim().split_once(' ') {
        Some((method, url)) => (Some(method), url.trim_start()),
        None => (None, text.trim()),
    }
}

impl Decode for CaseList {
    fn expected() -> String {
        "a list of cases".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        let cases = Vec::<TestCase>::decode(node, at);
        let items = if let Node::List(items) = node { items.as_slice() } else { return None };
        if items.is_empty() {
            at.error(Code::MissingField, "no case", "at least one");
        }
        if items.len() > CASES_MAX {
            at.error(Code::TooLarge, "more than 4096 cases", "fewer in one file");
            return None;
        }
        let mut names: BTreeMap<&str, String> = BTreeMap::new();
        for (number, case) in cases.iter().flatten().enumerate() {
            at.at_item(number, |at| {
                case.check(at);
                let Some(name) = case.name.as_deref() else { return };
                if let Some(other) = names.insert(name, at.path().to_owned()) {
                    let found = format!("the name \"{}\" again", excerpt(name));
                    at.at_field("name", |at| {
                        at.error_against(Code::DuplicateName, &found, "each name once", &other);
                    });
                }
            });
        }
        cases.map(Self)
    }
}

impl TestCase {
    fn check(&self, at: &mut Cursor) {
        if self.name.as_deref().is_some_and(|name| name.trim().is_empty()) {
            at.at_field("name", |at| at.error(Code::InvalidName, "an empty name", "some text"));
        }
        if matches!(self.request, TestRequest::Request(_)) && self.headers.is_some() {
            let expected = "them in the request, where that is an object";
            at.at_field("headers", |at| {
                at.error(Code::ConflictingFields, "headers beside a request", expected);
            });
        }
    }
}

impl Decode for TestRequest {
    fn expected() -> String {
        "a request like \"GET https://shop.example.com/users/1\", or an object with `url`, `method`, \
         `headers`"
            .to_owned()
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "every other kind of node is refused")]
    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        match node {
            Node::Object(_) => ExplainRequest::decode(node, at).map(Self::Request),
            Node::Text(text) => {
                let (method, url) = method_of(text);
                let token = |method: &str| {
                    method.bytes().all(|byte| byte == b'-' || byte.is_ascii_uppercase())
                };
                let usable = !url.is_empty() && !url.contains(char::is_whitespace);
                if !usable || !method.is_none_or(token) {
                    return wrong_type(node, at);
                }
                Some(Self::Text(text.clone()))
            }
            _ => wrong_type(node, at),
        }
    }
}

impl Decode for Expectation {
    fn expected() -> String {
        "an object with what is expected: `rule`, `service`, `status`, …".to_owned()
    }

    fn decode(node: &Node, at: &mut Cursor) -> Option<Self> {
        let Node::Object(fields) = node else { return wrong_type(node, at) };
        at.duplicates(fields);
        let given: Vec<(String, Node)> =
            fields.iter().filter(|(_, value)| *value != Node::Null).cloned().collect();
        if given.is_empty() {
            at.error(Code::MissingField, "nothing", "at least one thing that is expected");
        }
        Some(Self(given))
    }
}

impl serde::Serialize for Expectation {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Expectation {
    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        "Expectation".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object", "minProperties": 1 })
    }
}
