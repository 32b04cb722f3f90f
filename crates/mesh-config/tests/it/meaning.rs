//! What only shows when the parts of a document are put together.

use mesh_config::{Compiled, compile_json, compile_node, diagnostic::Diagnostics, node::Node};
use proptest::prelude::*;

use crate::{
    corpus::{BAD_MEANING, FIRST_EXAMPLE, GOOD, SECOND_EXAMPLE},
    hostile::node,
};

pub(crate) fn compiled(text: &str) -> Compiled {
    compile_json(text).unwrap_or_else(|found| panic!("{text}\n{found}"))
}

pub(crate) fn findings(text: &str) -> Vec<String> {
    let found = match compile_json(text) {
        Ok(compiled) => compiled.diagnostics,
        Err(found) => found,
    };
    found.iter().map(|found| format!("{}: {}", found.code.name(), found.message)).collect()
}

/// A document with services `a` and `b` and these rules.
fn rules(rules: &str) -> String {
    format!(r#"{{ "services": {{ "a": {{}}, "b": {{}} }}, "routing": {{ "rules": [{rules}] }} }}"#)
}

#[test]
fn the_examples_of_the_issue_compile_without_a_word() {
    for (text, services, rules) in [(FIRST_EXAMPLE, 2, 2), (SECOND_EXAMPLE, 1, 1)] {
        let compiled = compiled(text);
        assert_eq!((compiled.summary.services, compiled.summary.rules), (services, rules));
        assert_eq!(compiled.diagnostics, Diagnostics::default());
    }
}

#[test]
fn good_documents_compile_and_equal_ones_to_equal_bytes() {
    for text in GOOD {
        assert_eq!(compiled(text), compiled(text));
    }
    let other_order = compiled(r#"{ "services": { "b": {}, "a": {} } }"#);
    assert_eq!(other_order.snapshot, compiled(r#"{ "services": { "a": {}, "b": {} } }"#).snapshot);
}

#[test]
fn bad_meaning_is_refused() {
    for text in BAD_MEANING {
        assert!(compile_json(text).is_err(), "{text}");
    }
}

#[test]
fn shape_and_meaning_are_told_in_one_pass_and_nothing_twice() {
    let found = findings(
        r#"{ "services": { "users": { "endpoints": "http://plain.example", "timeot": 3 },
                           "Orders": {}, "c": { "loadBalancer": "consistentHash" } },
             "routing": { "rules": [ { "service": "user" }, { "servce": "users" }, 5,
               { "name": "n", "path": "/n", "service": "users", "backends": ["users"] },
               { "name": "n", "path": { "type": "RegularExpression", "value": "a(" }, "service": "c" },
               { "backends": [{ "service": "c", "weight": 0 }], "headers": { "a b": "x" } } ] } }"#,
    );
    let expected = [
        "unknown-field: services.users.timeot: ",
        "insecure-address: services.users.endpoints: plain http to http://plain.example; expected https",
        "invalid-name: services.Orders: the service name `Orders`; expected a lowercase DNS label",
        "hash-key: services.c.loadBalancer: consistentHash without `on`",
        "unknown-service: routing.rules[0].service: the unknown service `user`; expected one of \
         `Orders`, `c`, `users` \u{2014} did you mean `users`?",
        "unknown-field: routing.rules[1].servce: ",
        "wrong-type: routing.rules[2]: the number 5",
        "conflicting-fields: routing.rules[3]: both `service` and `backends`",
        "duplicate-name: routing.rules[4].name: the name \"n\" again; expected each name once \
         (see routing.rules[3])",
        "invalid-expression: routing.rules[4].path.value: no regular expression: unclosed group, \
         at character 2",
        "no-weight: routing.rules[5].backends: no weight above 0",
        "invalid-header: routing.rules[5].headers[\"a b\"]: the header name \"a b\"",
    ];
    for expected in expected {
        assert!(found.iter().any(|f| f.starts_with(expected)), "{expected}\nin {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn doubts_are_warnings() {
    for (text, expected) in [
        (
            r#"{ "services": { "a": { "endpoints": ["a.example", "b.example"], "loadBalancer": "geographic" } } }"#,
            "no-location: services.a.loadBalancer",
        ),
        (r#"{ "services": { "a": { "endpoints": [] } } }"#, "no-endpoint: services.a.endpoints"),
        (
            r#"{ "services": { "a": { "endpoints": ["a.example", "https://A.example/"] } } }"#,
            "duplicate-endpoint: services.a.endpoints[1]: https://a.example again",
        ),
        (
            r#"{ "services": { "a": { "timeout": { "request": "1s", "attempt": "2s" } } } }"#,
            "timeout-order: services.a.timeout: an attempt timeout of 2 s; expected at most the \
             request timeout of 1 s",
        ),
        (
            r#"{ "services": { "a": { "retries": { "backoff": { "base": 100, "max": 50 } } } } }"#,
            "timeout-order: services.a.retries.backoff: ",
        ),
        (
            r#"{ "services": { "a": { "breaker": { "openTime": { "min": "5s", "max": "1s" } } } } }"#,
            "timeout-order: services.a.breaker.openTime: ",
        ),
    ] {
        let compiled = compiled(text);
        let found = findings(text);
        assert_eq!(compiled.diagnostics.iter().count(), 1, "{found:#?}");
        assert!(found[0].starts_with(expected), "{found:#?}");
    }
}

#[test]
fn regions_and_locations_keep_geographic_quiet() {
    let text = r#"{ "services": { "a": { "loadBalancer": "geographic", "endpoints": [
        { "address": "a.example", "region": "weur" }, "b.example"] } } }"#;
    assert_eq!(findings(text), Vec::<String>::new());
}

#[test]
fn rules_that_match_the_same_are_named_both() {
    for same in [
        r#"{ "path": "/x", "service": "a" }, { "path": { "type": "Exact", "value": "/x" }, "service": "b" }"#,
        r#"{ "path": "/u/{id}", "service": "a" }, { "path": "/u/{name}", "service": "b" }"#,
        r#"{ "path": "/u/*", "service": "a" }, { "path": { "value": "/u/" }, "service": "b" }"#,
        r#"{ "service": "a" }, { "path": "/*", "service": "b" }"#,
        r#"{ "host": "X.example", "service": "a" }, { "hosts": ["x.example", "y.example"], "service": "b" }"#,
        r#"{ "method": "GET", "headers": { "X-A": "1" }, "service": "a" },
           { "methods": ["GET"], "headers": [{ "name": "x-a", "value": "1" }], "service": "b" }"#,
    ] {
        let found = findings(&rules(same));
        assert_eq!(found.len(), 1, "{same}\n{found:#?}");
        let expected = "conflicting-rules: routing.rules[1]: rule \"rules[1]\" matches the same \
                        requests as rule \"rules[0]\"";
        assert!(found[0].starts_with(expected), "{found:#?}");
        assert!(found[0].ends_with("(see routing.rules[0])"), "{found:#?}");
    }
}

#[test]
fn rules_that_no_request_reaches_are_named_with_the_one_that_takes_them() {
    for covered in [
        r#"{ "methods": ["GET", "POST"], "path": "/x", "service": "a" }, { "method": "GET", "path": "/x", "service": "b" }"#,
        r#"{ "method": "GET", "service": "a" }, { "method": "POST", "service": "a" }, { "methods": ["GET", "POST"], "service": "b" }"#,
        r#"{ "headers": { "v": true }, "service": "a" }, { "headers": { "v": "1" }, "service": "b" }"#,
        r#"{ "headers": { "v": { "type": "RegularExpression", "value": "[0-9]+" } }, "service": "a" }, { "headers": { "v": "12" }, "service": "b" }"#,
        r#"{ "path": { "type": "RegularExpression", "value": "/p/?.*" }, "service": "a" }, { "path": "/p/{x}/*", "service": "b" }"#,
        r#"{ "path": { "type": "RegularExpression", "value": "/p/[a-z0-9]+" }, "service": "a" }, { "path": { "type": "RegularExpression", "value": "/p/[a-z]+" }, "service": "b" }"#,
    ] {
        let found = findings(&rules(covered));
        assert_eq!(found.len(), 1, "{covered}\n{found:#?}");
        assert!(found[0].starts_with("unreachable-rule: routing.rules["), "{found:#?}");
        assert!(found[0].contains("no request reaches rule"), "{found:#?}");
    }
}

#[test]
fn rules_that_some_request_reaches_are_left_alone() {
    for fine in [
        r#"{ "path": "/a/*", "service": "a" }, { "path": "/a/b/*", "service": "b" }"#,
        r#"{ "path": "/a/{x}", "service": "a" }, { "path": "/a/b", "service": "b" }"#,
        r#"{ "service": "a" }, { "host": "x.example", "service": "b" }"#,
        r#"{ "method": "GET", "service": "a" }, { "service": "b" }"#,
        r#"{ "headers": { "v": "1" }, "service": "a" }, { "headers": { "v": true }, "service": "b" }"#,
        r#"{ "path": { "type": "RegularExpression", "value": "/p/[a-z]+" }, "service": "a" }, { "path": "/p/*", "service": "b" }"#,
        r#"{ "path": { "type": "RegularExpression", "value": "/.*" }, "service": "a" }, { "path": "/p/{x}", "service": "b" }"#,
        r#"{ "headers": { "v": "1" }, "service": "a" }, { "headers": { "v": "1", "w": "2" }, "service": "b" }"#,
        r#"{ "matches": [{ "path": "/x" }, { "path": "/y" }], "service": "a" }, { "matches": [{ "path": "/y", "method": "GET" }, { "path": "/z" }], "service": "b" }"#,
    ] {
        assert_eq!(findings(&rules(fine)), Vec::<String>::new(), "{fine}");
    }
}

#[test]
fn a_new_prefix_needs_a_prefix() {
    let filter = r#""filters": [{ "rewrite": { "path": { "prefix": "/new" } } }], "service": "a""#;
    assert_eq!(findings(&rules(&format!(r#"{{ "path": "/old/*", {filter} }}"#))).len(), 0);
    let found = findings(&rules(&format!(r#"{{ "path": "/old", {filter} }}"#)));
    assert!(found[0].starts_with("invalid-filter: routing.rules[0].filters[0].rewrite.path: "));
}

proptest! {
    #[test]
    fn arbitrary_trees_never_panic(tree in node()) {
        prop_assert!(compile_node(&tree).is_err() || tree != Node::Null);
    }

    #[test]
    fn grafted_documents_never_panic(which in 0..GOOD.len(), at in 0..200usize, graft in node()) {
        let mut tree = Node::parse_json(GOOD[which]).unwrap();
        crate::hostile::replace(&mut tree, &mut at.clone(), &graft);
        if let Err(found) = compile_node(&tree) {
            prop_assert!(found.errors() > 0);
            prop_assert!(found.iter().count() <= 200);
        }
    }
}
