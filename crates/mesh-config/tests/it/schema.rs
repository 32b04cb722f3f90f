//! The schema says what the decoder does, and the committed one is current.

use mesh_config::{document::Document, schema::schema_json};
use serde_json::Value;

use crate::corpus::{BAD_MEANING, BAD_SHAPE, GOOD};

fn accepted_by_schema(texts: &[&str]) -> Vec<bool> {
    let schema: Value = serde_json::from_str(&schema_json().unwrap()).unwrap();
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler.set_default_draft(boon::Draft::V2020_12);
    compiler.add_resource("https://unpkg.com/diddy-mesh/schema.json", schema).unwrap();
    let root = compiler.compile("https://unpkg.com/diddy-mesh/schema.json", &mut schemas).unwrap();
    let value = |text: &&str| serde_json::from_str::<Value>(text).unwrap();
    texts.iter().map(value).map(|v| schemas.validate(&v, root).is_ok()).collect()
}

#[test]
fn decoder_and_schema_judge_alike() {
    for (texts, expected) in [(GOOD, true), (BAD_SHAPE, false)] {
        for (text, by_schema) in texts.iter().zip(accepted_by_schema(texts)) {
            assert_eq!(by_schema, expected, "schema: {text}");
            assert_eq!(Document::parse_json(text).is_ok(), expected, "decoder: {text}");
        }
    }
}

#[test]
fn the_schema_does_not_refuse_what_only_meaning_can_tell() {
    for (text, by_schema) in BAD_MEANING.iter().zip(accepted_by_schema(BAD_MEANING)) {
        assert!(by_schema, "{text}");
    }
}

#[test]
fn the_committed_schema_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../npm/diddy-mesh/schema.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == schema_json().unwrap(),
        "npm/diddy-mesh/schema.json is old: write it anew by \
         `cargo run -p diddy-mesh-config --example schema > npm/diddy-mesh/schema.json`"
    );
}

#[test]
fn every_field_and_type_is_described() {
    let schema: Value = serde_json::from_str(&schema_json().unwrap()).unwrap();
    let mut bare = Vec::new();
    let types = schema["$defs"].as_object().unwrap().iter().map(|(name, t)| (name.as_str(), t));
    for (name, definition) in types.chain([("document", &schema)]) {
        if definition["description"].as_str().is_none() {
            bare.push(name.to_owned());
        }
        for (field, property) in definition["properties"].as_object().into_iter().flatten() {
            if property["description"].as_str().is_none() {
                bare.push(format!("{name}.{field}"));
            }
        }
    }
    assert_eq!(bare, Vec::<String>::new());
}
