//! What the end-to-end run of the suite needs of the import: the documents, and which one each
//! request meets.

use std::collections::BTreeMap;

use mesh_config::gateway_api::Import;
use serde_json::{Map, Value, json};

use crate::{case::Case, cluster::Cluster};

/// The documents, each once, and the cases over them.
#[derive(Debug, Default)]
pub(crate) struct Worlds {
    documents: Vec<Value>,
    /// By the document's text.
    known: BTreeMap<String, usize>,
    cases: Vec<Value>,
}

impl Worlds {
    /// Adds a case; one that cannot be imported says why.
    pub(crate) fn add(&mut self, case: &Case, cluster: &Result<Cluster, String>) {
        let added = cluster.clone().and_then(|cluster| {
            let import = cluster.import()?;
            let entry = cluster.entry(case)?;
            let document = serde_json::to_value(import.document(&entry));
            let world = self.world(document.map_err(|error| error.to_string())?, &import);
            Ok((world, accepts(case, &cluster, &import), cluster.unsupported(case)))
        });
        // an upgrade can be tried here, and nowhere else
        let lacks = case.lacks().filter(|_| case.expect.websocket_echo.is_none());
        let lacks = lacks.map(|what| format!("not built yet: {what}"));
        let mut one = json!({ "id": case.id });
        let mut set = |name: &str, value: Value| {
            if let Some(fields) = one.as_object_mut().filter(|_| !value.is_null()) {
                fields.insert(name.to_owned(), value);
            }
        };
        set("lacks", json!(lacks));
        match added {
            Ok((world, accepts, unsupported)) => {
                set("world", json!(world));
                set("accepts", json!(accepts));
                set("unsupported", json!(unsupported));
            }
            Err(why) => set("why", json!(why)),
        }
        self.cases.push(one);
    }

    fn world(&mut self, document: Value, import: &Import) -> usize {
        *self.known.entry(document.to_string()).or_insert_with(|| {
            let names: Map<String, Value> = import
                .services()
                .iter()
                .map(|one| (one.service.as_str().to_owned(), json!(one.name)))
                .collect();
            self.documents.push(json!({ "document": document, "names": names }));
            self.documents.len().saturating_sub(1)
        })
    }

    /// All of it, with the results at decision level.
    pub(crate) fn into_json(self, decision: &Value) -> Value {
        json!({ "worlds": self.documents, "cases": self.cases, "decision": decision })
    }
}

/// The services that may serve a case.
fn accepts(case: &Case, cluster: &Cluster, import: &Import) -> Vec<String> {
    let serves = |namespace: &str, name: &str| {
        let backend = case.expect.backend.as_deref();
        let right = case.expect.namespace.as_deref().is_none_or(|wished| wished == namespace);
        right && backend.is_none_or(|pods| cluster.serves(namespace, name, pods))
    };
    let fit = import.services().iter().filter(|one| serves(&one.namespace, &one.name));
    fit.map(|one| one.service.as_str().to_owned()).collect()
}
