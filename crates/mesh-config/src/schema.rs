//! The document's JSON Schema (2020-12), for editors.

use schemars::generate::SchemaSettings;

use crate::document::Document;

/// Where the schema of a released package is found; editors fetch it by this.
const ID: &str = "https://unpkg.com/diddy-mesh/schema.json";

/// The JSON Schema of [`Document`], as pretty JSON with a final newline.
///
/// # Errors
/// Only where `serde_json` cannot write it, which would be a fault of this crate.
pub fn schema_json() -> Result<String, serde_json::Error> {
    let mut schema =
        SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Document>();
    schema.insert("$id".to_owned(), ID.into());
    schema.insert("title".to_owned(), "Diddy-Mesh configuration".into());
    let mut text = serde_json::to_string_pretty(&schema)?;
    text.push('\n');
    Ok(text)
}
