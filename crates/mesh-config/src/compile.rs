//! From a document to the bytes of a Snapshot.

mod conflicts;
mod emit;
mod paths;

use mesh_core::snapshot::{Snapshot, draft::SnapshotDraft};
use serde::Serialize;

pub(crate) use self::{
    conflicts::Shape,
    emit::host_header,
    paths::{condition_specs, path_spec},
};
use crate::{
    decode::Cursor,
    diagnostic::{Code, Diagnostic, Diagnostics},
    document::Document,
    node::Node,
    plan::Plan,
};

/// A compiled document.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Compiled {
    /// The bytes of the Snapshot, for [`Snapshot::decode`] or a host.
    #[serde(skip)]
    pub snapshot: Vec<u8>,
    /// Warnings; a document with errors does not compile.
    pub diagnostics: Diagnostics,
    /// What there is in it.
    pub summary: Summary,
}

/// What there is in a Snapshot.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Summary {
    /// Name of the mesh.
    pub name: String,
    /// Number of services.
    pub services: usize,
    /// Number of endpoints.
    pub endpoints: usize,
    /// Number of rules.
    pub rules: usize,
    /// Number of combinations of host and match.
    pub matches: usize,
    /// Size of the Snapshot in bytes.
    pub bytes: usize,
    /// Hash of the content, 16 hex digits: equal for documents that mean the same, whatever version
    /// they were compiled as.
    pub hash: String,
}

/// Compiles a document that is still a node tree; finds errors of shape and of meaning in one pass.
///
/// # Errors
/// All findings, where one of them is an error.
pub fn compile_node(node: &Node) -> Result<Compiled, Diagnostics> {
    let (document, diagnostics) = Document::decode_what_is_there(node);
    match document {
        Some(document) => compile_after(&document, diagnostics, 0),
        None => Err(diagnostics),
    }
}

/// Compiles a document.
///
/// # Errors
/// All findings, where one of them is an error.
///
/// ```
/// use mesh_config::{compile, document::{Document, Rule, Service, ServiceName}};
///
/// let mut document = Document::default();
/// document.services.insert("users".to_owned(), Service::default());
/// let rule = Rule { service: ServiceName::parse("users").ok(), ..Rule::default() };
/// document.routing = Some(mesh_config::document::Routing { rules: Some(vec![rule]) });
/// let compiled = compile(&document)?;
/// assert_eq!(compiled.summary.endpoints, 1); // binding:USERS
/// # Ok::<(), mesh_config::diagnostic::Diagnostics>(())
/// ```
pub fn compile(document: &Document) -> Result<Compiled, Diagnostics> {
    compile_version(document, 0)
}

/// Compiles a document to a Snapshot with that version, as a registry publishes it.
///
/// # Errors
/// All findings, where one of them is an error.
pub fn compile_version(document: &Document, version: u64) -> Result<Compiled, Diagnostics> {
    compile_after(document, Diagnostics::default(), version)
}

/// Compiles a document from JSON text.
///
/// # Errors
/// All findings, where one of them is an error.
#[cfg(feature = "json")]
pub fn compile_json(text: &str) -> Result<Compiled, Diagnostics> {
    compile_node(&Node::parse_json(text)?)
}

fn compile_after(
    document: &Document,
    earlier: Diagnostics,
    version: u64,
) -> Result<Compiled, Diagnostics> {
    let (plan, emitted, diagnostics) = emitted(document, earlier, version);
    let Some(emitted) = emitted.filter(|_| diagnostics.errors() == 0) else {
        return Err(diagnostics);
    };
    let summary = Summary {
        name: plan.name.clone(),
        services: plan.services.len(),
        endpoints: plan.services.iter().map(|service| service.endpoints.len()).sum(),
        rules: plan.rules.len(),
        matches: plan.rules.iter().map(|rule| rule.matches.len()).sum(),
        bytes: emitted.bytes.len(),
        hash: format!("{:016x}", emitted.content_hash()),
    };
    Ok(Compiled { snapshot: emitted.bytes, diagnostics, summary })
}

/// Resolves a document and compiles what could be resolved.
pub(crate) fn plan_and_snapshot(
    document: &Document,
    earlier: Diagnostics,
) -> (Plan, Option<Snapshot>, Diagnostics) {
    let (plan, emitted, diagnostics) = emitted(document, earlier, 0);
    (plan, emitted.map(|emitted| emitted.snapshot), diagnostics)
}

/// A plan as bytes, and those bytes read again.
struct Emitted {
    draft: SnapshotDraft,
    bytes: Vec<u8>,
    snapshot: Snapshot,
}

impl Emitted {
    /// The hash that version 0 has.
    fn content_hash(&self) -> u64 {
        if self.draft.mesh.version == 0 {
            return self.snapshot.hash();
        }
        let mut draft = self.draft.clone();
        draft.mesh.version = 0;
        Snapshot::from_bytes(draft.encode()).map_or(0, |snapshot| snapshot.hash())
    }
}

fn emitted(
    document: &Document,
    earlier: Diagnostics,
    version: u64,
) -> (Plan, Option<Emitted>, Diagnostics) {
    let (plan, mut diagnostics) = plan(document, earlier);
    if diagnostics.errors() > 0 {
        return (plan, None, diagnostics);
    }
    let (draft, found) = emit::snapshot(&plan, version);
    if let Some(found) = found {
        diagnostics.push(found);
    }
    let bytes = draft.encode();
    let Ok(snapshot) = Snapshot::decode(&bytes) else {
        let found = "a document that compiles to more than 16 MiB";
        diagnostics.push(Diagnostic::error(Code::TooLarge, "", found, "a smaller one"));
        return (plan, None, diagnostics);
    };
    (plan, Some(Emitted { draft, bytes, snapshot }), diagnostics)
}

/// Resolves a document and looks for conflicts.
fn plan(document: &Document, earlier: Diagnostics) -> (Plan, Diagnostics) {
    let mut at = Cursor::after(earlier);
    let plan = Plan::of(document, &mut at);
    // rules that are still wrong would only be compared by what is left of them
    if at.diagnostics.errors() == 0 {
        conflicts::find(&plan, &mut at);
    }
    (plan, at.diagnostics)
}
