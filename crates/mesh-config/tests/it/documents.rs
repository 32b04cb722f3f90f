//! Documents that load, and what is said of those that do not.

use mesh_config::{diagnostic::Diagnostics, document::Document};

use crate::corpus::{BAD_SHAPE, GOOD};

fn errors(text: &str) -> Diagnostics {
    match Document::parse_json(text) {
        Ok(_) => panic!("loads: {text}"),
        Err(diagnostics) => diagnostics,
    }
}

fn messages(text: &str) -> Vec<String> {
    errors(text).iter().map(|found| found.message.clone()).collect()
}

#[test]
fn good_documents_load_and_come_back_from_what_they_write() {
    for text in GOOD {
        let document = Document::parse_json(text).unwrap_or_else(|e| panic!("{text}\n{e}"));
        let written = serde_json::to_string(&document).unwrap();
        assert_eq!(Document::parse_json(&written).unwrap(), document, "{written}");
    }
}

#[test]
fn bad_shapes_are_refused() {
    for text in BAD_SHAPE {
        assert!(Document::parse_json(text).is_err(), "{text}");
    }
}

#[test]
fn all_errors_come_in_one_pass_with_path_and_hint() {
    let found = messages(
        r#"{ "servces": {}, "services": {
               "a": { "retires": 3, "timeout": "soon", "loadBalancer": "p2k" },
               "b": { "endpoints": [{ "adress": "x.example" }, 5, "bindng:X"] } },
             "routing": { "rules": [{ "pth": "/a", "method": "get" }, 7, { "path": "a" }] } }"#,
    );
    let expected = [
        "servces: unknown field `servces`; expected one of `services`, `$schema`, `version`, \
         `name`, `defaults`, `routing`, `flags` — did you mean `services`?",
        "services.a.retires: unknown field `retires`; expected one of ",
        "services.a.timeout: the string \"soon\"; expected a duration",
        "services.a.loadBalancer: the string \"p2k\"; expected a load balancer: \"p2c\", ",
        "services.b.endpoints[0].adress: unknown field `adress`; expected one of `address`, ",
        "services.b.endpoints[0].address: nothing; expected an address",
        "services.b.endpoints[1]: the number 5; expected an address, or an object",
        "services.b.endpoints[2]: the string \"bindng:X\"; expected an address: binding:NAME",
        "routing.rules[0].pth: unknown field `pth`; expected one of `name`, ",
        "routing.rules[0].method: the string \"get\"; expected a method: \"GET\", ",
        "routing.rules[1]: the number 7; expected a rule",
        "routing.rules[2].path: the string \"a\"; expected a path that begins with `/`",
    ];
    for expected in expected {
        assert!(found.iter().any(|f| f.starts_with(expected)), "{expected}\nin {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for hint in ["`retries`?", "\"p2c\"?", "`address`?", "`binding:`?", "`path`?", "\"GET\"?"] {
        assert!(found.iter().any(|f| f.ends_with(hint)), "{hint}\nin {found:#?}");
    }
}

#[test]
fn doubled_fields_are_named_where_they_are() {
    let found = messages(r#"{ "services": { "a": { "retries": 1, "retries": 2 }, "a": {} } }"#);
    assert!(found.iter().any(|f| f.starts_with("services.a.retries: ")), "{found:#?}");
    assert!(found.iter().any(|f| f.starts_with("services.a: ")), "{found:#?}");
    assert_eq!(found.len(), 2);
}

#[test]
fn secrets_are_not_repeated() {
    let text = r#"{ "services": { "a": { "endpoints": "https://me:hunter2@a.example" } } }"#;
    let found = errors(text).to_string();
    assert!(found.contains("credentials") && !found.contains("hunter2"), "{found}");
}

#[test]
fn text_that_is_no_json_is_told_with_its_place() {
    let found = messages("{ \"services\": }");
    assert!(found[0].contains("line 1 column"), "{found:?}");
}

#[test]
fn diagnostics_are_bounded_and_the_rest_is_counted() {
    let fields: Vec<String> = (0..1_000).map(|n| format!("\"x{n}\": 1")).collect();
    let found = errors(&format!("{{ {} }}", fields.join(", ")));
    assert_eq!(found.iter().count(), 200);
    assert_eq!(found.more(), 801);
    assert!(found.to_string().ends_with("and 801 more\n"));
}
