//! The control plane over wasm: documents come and findings go as JavaScript objects.

mod convert;
pub mod limits;
mod listing;
mod outcome;
mod publication;
mod records;
pub mod registry;
pub mod rollout;
mod shared;

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};

use mesh_config::{
    Summary,
    cases::TestReport,
    compile_node,
    diagnostic::{Code, Diagnostic, Diagnostics},
    diff::{Difference, diff_nodes},
    document::Document,
    explain::{Explanation, explain_node},
    gateway_api::{self, Entry, ImportedService, RouteStatus},
    node::Node,
    overrides::{self, Override},
    test_cases_node,
};
use serde::{Serialize, Serializer};
use tsify::Tsify;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// What became of a document.
#[derive(Debug, Serialize, Tsify)]
pub struct Compiled {
    /// The bytes of the Snapshot, where the document has no errors.
    #[tsify(type = "Uint8Array", optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<Bytes>,
    /// What is in it, where there is one.
    #[tsify(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<Summary>,
    /// Errors and warnings, in the order of the document.
    diagnostics: Vec<Diagnostic>,
}

/// Bytes that become a `Uint8Array`, not an array of numbers.
#[derive(Debug)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

/// Compiles a document: a Snapshot where there is no error, and all findings.
#[wasm_bindgen(unchecked_return_type = "Compiled")]
#[must_use]
pub fn compile(#[wasm_bindgen(unchecked_param_type = "Document")] document: JsValue) -> JsValue {
    let compiled = match node_of(document).and_then(|node| compile_node(&node)) {
        Ok(compiled) => Compiled {
            snapshot: Some(Bytes(compiled.snapshot)),
            summary: Some(compiled.summary),
            diagnostics: compiled.diagnostics.iter().cloned().collect(),
        },
        Err(found) => Compiled { snapshot: None, summary: None, diagnostics: list(&found) },
    };
    object(&compiled)
}

/// All findings about a document.
#[wasm_bindgen(unchecked_return_type = "Diagnostic[]")]
#[must_use]
pub fn validate(#[wasm_bindgen(unchecked_param_type = "Document")] document: JsValue) -> JsValue {
    let found = match node_of(document).and_then(|node| compile_node(&node)) {
        Ok(compiled) => list(&compiled.diagnostics),
        Err(found) => list(&found),
    };
    object(&found)
}

/// What became of overriding.
#[derive(Debug, Serialize, Tsify)]
pub struct Overridden {
    /// The document with what the variables say, where all of them lead somewhere.
    #[tsify(type = "Document", optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<Node>,
    /// What was set, by the names of the variables.
    overrides: Vec<Override>,
    /// The variables that lead nowhere.
    diagnostics: Vec<Diagnostic>,
}

/// Overrides parts of a document by variables like `MESH__SERVICES__USER_SERVICE__TIMEOUT`; others are
/// passed by. Values are JSON values.
#[wasm_bindgen(js_name = applyOverrides, unchecked_return_type = "Overridden")]
#[must_use]
pub fn apply_overrides(
    #[wasm_bindgen(unchecked_param_type = "Document")] document: JsValue,
    #[wasm_bindgen(unchecked_param_type = "Readonly<Record<string, unknown>>")] variables: JsValue,
) -> JsValue {
    let applied = node_of(document).and_then(|mut document| {
        let Node::Object(variables) = node_of(variables)? else {
            return Ok((document, Vec::new()));
        };
        let overrides = overrides::apply(&mut document, &variables.into_iter().collect())?;
        Ok((document, overrides))
    });
    object(&match applied {
        Ok((document, overrides)) => {
            Overridden { document: Some(document), overrides, diagnostics: Vec::new() }
        }
        Err(found) => {
            Overridden { document: None, overrides: Vec::new(), diagnostics: list(&found) }
        }
    })
}

/// What came of asking.
#[derive(Debug, Serialize, Tsify)]
pub struct Explained {
    /// The answer, where document and request have no errors.
    #[tsify(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation>,
    /// The errors, where there is no answer. The path of one about the request begins with
    /// `request`.
    diagnostics: Vec<Diagnostic>,
}

/// What the mesh would do with one request: the rule and why the others not, the endpoints, the
/// policies.
#[wasm_bindgen(unchecked_return_type = "Explained")]
#[must_use]
pub fn explain(
    #[wasm_bindgen(unchecked_param_type = "Document")] document: JsValue,
    #[wasm_bindgen(unchecked_param_type = "ExplainRequest")] request: JsValue,
) -> JsValue {
    let both = node_of(document).and_then(|document| Ok((document, node_of(request)?)));
    let explained = match both.and_then(|(document, request)| explain_node(&document, &request)) {
        Ok(explanation) => Explained { explanation: Some(explanation), diagnostics: Vec::new() },
        Err(found) => Explained { explanation: None, diagnostics: list(&found) },
    };
    object(&explained)
}

/// What came of cases.
#[derive(Debug, Serialize, Tsify)]
pub struct Tested {
    /// One result for each, where neither document nor cases have errors.
    #[tsify(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<TestReport>,
    /// The errors, where there is no report. The path of one about the cases begins with `cases`.
    diagnostics: Vec<Diagnostic>,
}

/// Runs cases against a document: requests, and what is expected to become of them.
#[wasm_bindgen(js_name = testCases, unchecked_return_type = "Tested")]
#[must_use]
pub fn test_cases(
    #[wasm_bindgen(unchecked_param_type = "Document")] document: JsValue,
    #[wasm_bindgen(unchecked_param_type = "TestCases")] cases: JsValue,
) -> JsValue {
    let both = node_of(document).and_then(|document| Ok((document, node_of(cases)?)));
    let tested = match both.and_then(|(document, cases)| test_cases_node(&document, &cases)) {
        Ok(report) => Tested { report: Some(report), diagnostics: Vec::new() },
        Err(found) => Tested { report: None, diagnostics: list(&found) },
    };
    object(&tested)
}

/// What came of comparing.
#[derive(Debug, Serialize, Tsify)]
pub struct Compared {
    /// What changes, where neither document has errors.
    #[tsify(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<Difference>,
    /// The errors, where there is no answer. Their paths begin with `old` and `new`.
    diagnostics: Vec<Diagnostic>,
}

/// What changes from one document to another, and for which requests.
#[wasm_bindgen(unchecked_return_type = "Compared")]
#[must_use]
pub fn diff(
    #[wasm_bindgen(unchecked_param_type = "Document")] old: JsValue,
    #[wasm_bindgen(unchecked_param_type = "Document")] new: JsValue,
) -> JsValue {
    let both = node_of(old).and_then(|old| Ok((old, node_of(new)?)));
    let compared = match both.and_then(|(old, new)| diff_nodes(&old, &new)) {
        Ok(difference) => Compared { difference: Some(difference), diagnostics: Vec::new() },
        Err(found) => Compared { difference: None, diagnostics: list(&found) },
    };
    object(&compared)
}

/// What became of Kubernetes objects.
#[derive(Debug, Default, Serialize, Tsify)]
pub struct Imported {
    /// One for each port of a Gateway, and for the callers of each namespace. None where an object
    /// is one that no API server would take.
    documents: Vec<ImportedDocument>,
    /// The ports of Services, and what they are called in the documents.
    services: Vec<ImportedService>,
    /// What a controller would say of each route and parent.
    statuses: Vec<RouteStatus>,
    /// Errors, or warnings: what the objects ask that does not happen.
    diagnostics: Vec<Diagnostic>,
}

/// A document, and where its requests come in.
#[derive(Debug, Serialize, Tsify)]
pub struct ImportedDocument {
    /// `gateway/NAMESPACE/NAME:PORT`, or `mesh/NAMESPACE:PORT` for calls of a namespace's workloads.
    entry: String,
    /// The document.
    document: Document,
}

/// Imports Kubernetes Gateway API objects, such as a YAML parser gives.
#[wasm_bindgen(js_name = importGatewayApi, unchecked_return_type = "Imported")]
#[must_use]
pub fn import_gateway_api(
    #[wasm_bindgen(unchecked_param_type = "readonly unknown[]")] objects: JsValue,
) -> JsValue {
    let imported = match node_of(objects).and_then(|node| imported(&node)) {
        Ok(imported) => imported,
        Err(found) => Imported { diagnostics: list(&found), ..Imported::default() },
    };
    object(&imported)
}

fn imported(node: &Node) -> Result<Imported, Diagnostics> {
    let Node::List(objects) = node else {
        let mut found = Diagnostics::default();
        found.push(Diagnostic::error(Code::WrongType, "objects", "no list", "a list of objects"));
        return Err(found);
    };
    let import = gateway_api::import(objects, &gateway_api::Options::default())?;
    let document = |entry: &Entry| ImportedDocument {
        entry: entry.to_string(),
        document: import.document(entry),
    };
    Ok(Imported {
        documents: import.entries().iter().map(document).collect(),
        services: import.services().to_vec(),
        statuses: import.statuses().to_vec(),
        diagnostics: list(import.diagnostics()),
    })
}

fn list(found: &Diagnostics) -> Vec<Diagnostic> {
    found.iter().cloned().collect()
}

/// The document as a tree. A value that no JSON could hold is a finding like any other.
fn node_of(document: JsValue) -> Result<Node, Diagnostics> {
    serde_wasm_bindgen::from_value(document).map_err(|error| {
        let mut found = Diagnostics::default();
        let words = error.to_string();
        found.push(Diagnostic::error(Code::Syntax, "", &words, "a document of JSON values"));
        found
    })
}

/// A plain JavaScript object: maps as objects, bytes as `Uint8Array`, absent as `undefined`.
fn object<T: Serialize>(value: &T) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
    value.serialize(&serializer).unwrap_or(JsValue::UNDEFINED)
}
