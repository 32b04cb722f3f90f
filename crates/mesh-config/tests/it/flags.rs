//! Feature flags: what is compiled of them, and what they come to for requests.

use mesh_config::{diff_nodes, explain_node, node::Node};
use mesh_core::{
    method::Method,
    route::{FlagReason, RequestHead},
    snapshot::{Snapshot, tables::NONE},
};
use serde_json::{Value, json};

use crate::{
    meaning::{compiled, findings},
    traffic::snapshot,
};

fn document(flags: &str) -> String {
    format!(r#"{{ "services": {{ "a": {{}}, "b": {{}} }}, "flags": {{ {flags} }} }}"#)
}

/// The host's names of a flag's variants, in order.
fn texts(snapshot: &Snapshot) -> Value {
    let text: Value = serde_json::from_slice(snapshot.host_text()).unwrap();
    text.pointer("/flags").cloned().unwrap_or_default()
}

/// What the only flag comes to, as the host would say it: variant, rule, reason.
fn decide(snapshot: &Snapshot, given: &[(&str, &str)]) -> (String, Option<u32>, FlagReason) {
    let value = |name: &[u8]| {
        let of = |(known, value): &(&str, &'static str)| {
            (known.as_bytes() == name).then_some(value.as_bytes())
        };
        let given: Vec<(&str, &'static str)> =
            given.iter().map(|(name, value)| (*name, &*String::from(*value).leak())).collect();
        given.iter().find_map(of)
    };
    let query = given.iter().find(|(name, _)| *name == "?").map_or("", |(_, query)| query);
    let headers: Vec<Option<&[u8]>> = snapshot.routes().headers().map(value).collect();
    let head = RequestHead {
        host: b"",
        path: b"/",
        query: query.as_bytes(),
        method: Method::Get,
        headers: &headers,
    };
    let found = snapshot.routes().flag(0, &head);
    let texts = texts(snapshot);
    let name = texts.pointer(&format!("/0/1/{}/0", found.variant)).and_then(Value::as_str);
    let name = name.unwrap_or_default().to_owned();
    (name, Some(found.rule).filter(|rule| *rule != NONE), found.reason)
}

#[test]
fn short_forms_are_constants_and_values_keep_their_json() {
    let snapshot = snapshot(&document(
        r#""a": true, "b": "x\"y\u0001", "c": 1.5, "d": { "variants": { "x": { "k": [1, null, "é"] }, "y": [] }, "defaultVariant": "y" }"#,
    ));
    assert_eq!(
        texts(&snapshot),
        json!([
            ["a", [["off", false], ["on", true]]],
            ["b", [["default", "x\"y\u{1}"]]],
            ["c", [["default", 1.5]]],
            ["d", [["x", { "k": [1, null, "é"] }], ["y", []]]]
        ])
    );
    assert_eq!(decide(&snapshot, &[]), ("on".to_owned(), None, FlagReason::Static));
    assert!(Snapshot::decode(&compiled(&document("")).snapshot).unwrap().mesh().needs & 4 == 0);
    assert_eq!(snapshot.mesh().needs & 4, 4, "an engine without flags must refuse it");
}

#[test]
fn the_first_rule_whose_targets_all_hold_decides() {
    let snapshot = snapshot(&document(
        r#""f": { "rules": [
             { "principal": ["al+ice", "bob"], "country": "DE", "variant": "on" },
             { "headers": { "x-beta": "1" }, "query": { "q": true }, "variant": "on" },
             { "continent": ["EU", "NA"], "colo": "FRA", "regionCode": "TX", "tenant": "t", "variant": "on" },
             { "principal": "eve", "variant": "off" } ] }"#,
    ));
    let matched = |rule| ("on".to_owned(), Some(rule), FlagReason::TargetingMatch);
    let default = ("off".to_owned(), None, FlagReason::Default);
    for (given, expected) in [
        (&[(":principal", "al+ice"), (":country", "DE")][..], matched(0)),
        (&[(":principal", "bob"), (":country", "DE")], matched(0)),
        (&[(":principal", "allice"), (":country", "DE")], default.clone()),
        (&[(":principal", "bobb"), (":country", "DE")], default.clone()),
        (&[(":principal", "bob"), (":country", "AT")], default.clone()),
        (&[(":principal", "bob")], default.clone()),
        (&[("x-beta", "1"), ("?", "a=1&q")], matched(1)),
        (&[("x-beta", "1"), ("?", "a=q")], default),
        (
            &[(":continent", "NA"), (":colo", "FRA"), (":regionCode", "TX"), (":tenant", "t")],
            matched(2),
        ),
        (&[(":principal", "eve")], ("off".to_owned(), Some(3), FlagReason::TargetingMatch)),
    ] {
        assert_eq!(decide(&snapshot, given), expected, "{given:?}");
    }
}

#[test]
fn a_switched_off_flag_has_no_variant() {
    let text = r#""f": { "enabled": false, "rules": [{ "variant": "on" }] }"#;
    let snapshot = snapshot(&document(text));
    assert_eq!(decide(&snapshot, &[]), (String::new(), None, FlagReason::Disabled));
}

/// The share of a thousand callers that get `on`, and who they are.
fn on(flag: &str) -> Vec<bool> {
    let snapshot = snapshot(&document(flag));
    let user = |number: u32| {
        let name = format!("user-{number}");
        decide(&snapshot, &[(":principal", &name), ("x-user", &name)]).0 == "on"
    };
    (0..1_000).map(user).collect()
}

#[test]
fn as_a_percentage_grows_callers_are_added_and_none_is_lost() {
    let mut before = vec![false; 1_000];
    for percent in [0.0, 0.5, 5.0, 25.0, 60.0, 99.5, 100.0] {
        let now =
            on(&format!(r#""f": {{ "rules": [{{ "variant": "on", "percent": {percent} }}] }}"#));
        let count = now.iter().filter(|on| **on).count();
        let share = f64::from(u32::try_from(count).unwrap()) / 10.0;
        assert!((share - percent).abs() <= 4.5, "{percent}: {count}");
        assert!(before.iter().zip(&now).all(|(before, now)| *now || !before), "{percent}");
        before = now;
    }
}

#[test]
fn flags_and_named_rules_draw_for_themselves() {
    let half = |flag: &str, rule: &str| {
        on(&format!(r#""{flag}": {{ "rules": [{rule}{{ "variant": "on", "percent": 50 }}] }}"#))
    };
    let both = |one: &[bool], other: &[bool]| {
        one.iter().zip(other).filter(|(one, other)| **one && **other).count()
    };
    let (f, g) = (half("f", ""), half("g", ""));
    assert!((200..300).contains(&both(&f, &g)), "{}", both(&f, &g));
    // a rule before it moves nobody where it has a name
    let before = r#"{ "principal": "nobody", "variant": "on" },"#;
    let named = |before: &str| {
        on(&format!(
            r#""f": {{ "rules": [{before}{{ "name": "half", "variant": "on", "percent": 50 }}] }}"#
        ))
    };
    assert_eq!(named(""), named(before));
    // two without names draw apart: half of half
    let rules = r#"[{ "variant": "off", "percent": 50 }, { "variant": "on", "percent": 50 }]"#;
    let second = on(&format!(r#""f": {{ "defaultVariant": "off", "rules": {rules} }}"#));
    let count = second.iter().filter(|on| **on).count();
    assert!((200..300).contains(&count), "{count}");
}

#[test]
fn splits_go_by_their_weights_and_pass_over_requests_without_the_key() {
    let text = r#""f": { "variants": { "r": 1, "g": 2, "b": 3 }, "defaultVariant": "b",
        "rules": [{ "split": { "r": 70, "g": 30, "b": 0 }, "by": { "header": "x-user" } }] }"#;
    let snapshot = snapshot(&document(text));
    let (mut r, mut g) = (0, 0);
    for number in 0..10_000 {
        let name = format!("user-{number}");
        let (variant, rule, reason) = decide(&snapshot, &[("x-user", &name)]);
        assert_eq!((rule, reason), (Some(0), FlagReason::Split));
        *(if variant == "r" { &mut r } else { &mut g }) += 1;
        assert_ne!(variant, "b");
    }
    assert!((6_800..7_200).contains(&r) && r + g == 10_000, "{r} {g}");
    assert_eq!(decide(&snapshot, &[]), ("b".to_owned(), None, FlagReason::Default));
}

/// Flags, and how what is said of them begins.
const WRONG: &[(&str, &str)] = &[
    (r#""": true"#, "invalid-name: flags[\"\"]: the flag name \"\"; "),
    (r#""__proto__": true"#, "invalid-name: flags.__proto__: the flag name "),
    (r#""a b": true"#, "invalid-name: "),
    (r#""f": null"#, ""),
    (r#""f": [1]"#, "wrong-type: flags.f: a list; expected a boolean, number or string"),
    (
        r#""f": { "variants": {}, "defaultVariant": "x" }"#,
        "missing-field: flags.f.variants: 0 variants",
    ),
    (
        r#""f": { "variants": { "a": 1, "b": "x" }, "defaultVariant": "a" }"#,
        "wrong-type: flags.f.variants.b: a value of type string; expected number, as the first",
    ),
    (
        r#""f": { "variants": { "a": null }, "defaultVariant": "a" }"#,
        "missing-field: flags.f.variants: 0 variants",
    ),
    (r#""f": { "variants": { "a": 1 } }"#, "missing-field: flags.f: `variants` without"),
    (
        r#""f": { "defaultVariant": "onn" }"#,
        "unknown-name: flags.f.defaultVariant: the unknown variant \"onn\"; expected one of `off`, `on` \u{2014} did you mean \"on\"?",
    ),
    (
        r#""f": { "rules": [{ "variant": "On" }] }"#,
        "unknown-name: flags.f.rules[0].variant: the unknown variant \"On\"",
    ),
    (r#""f": { "rules": [{}] }"#, "missing-field: flags.f.rules[0]: a rule that gives nothing"),
    (
        r#""f": { "rules": [{ "variant": "on", "split": { "on": 1 } }] }"#,
        "conflicting-fields: flags.f.rules[0]: both `variant` and `split`",
    ),
    (
        r#""f": { "rules": [{ "percent": 5, "split": { "on": 1 } }] }"#,
        "conflicting-fields: flags.f.rules[0]: both `percent` and `split`",
    ),
    (
        r#""f": { "rules": [{ "split": { "on": 0 } }] }"#,
        "no-weight: flags.f.rules[0].split: a split without weights",
    ),
    (
        r#""f": { "rules": [{ "split": { "nope": 1 } }] }"#,
        "unknown-name: flags.f.rules[0].split.nope: ",
    ),
    (
        r#""f": { "rules": [{ "variant": "on", "percent": 101 }] }"#,
        "out-of-range: flags.f.rules[0].percent: ",
    ),
    (
        r#""f": { "rules": [{ "variant": "on", "by": "tenant" }] }"#,
        "no-effect: flags.f.rules[0].by: `by` without shares",
    ),
    (
        r#""f": { "rules": [{ "variant": "on" }, { "variant": "off" }] }"#,
        "no-effect: flags.f.rules[1]: a rule of f after one that is for all",
    ),
    (
        r#""f": { "rules": [{ "name": "x", "variant": "on", "principal": "a" }, { "name": "x", "variant": "off" }] }"#,
        "duplicate-name: flags.f.rules[1].name: the name \"x\" again",
    ),
    (
        r#""f": { "rules": [{ "name": "0", "variant": "on" }] }"#,
        "invalid-name: flags.f.rules[0].name: the rule name \"0\"; expected a name that is no number",
    ),
    (
        r#""f": { "rules": [{ "name": "a b", "variant": "on" }] }"#,
        "invalid-name: flags.f.rules[0].name: the rule name \"a b\"",
    ),
    (
        r#""f": { "rules": [{ "country": "de", "variant": "on" }] }"#,
        "invalid-name: flags.f.rules[0].country: the string \"de\"; expected two capital letters",
    ),
    (
        r#""f": { "rules": [{ "continent": "EUR", "variant": "on" }] }"#,
        "invalid-name: flags.f.rules[0].continent: ",
    ),
    (
        r#""f": { "rules": [{ "principal": [], "variant": "on" }] }"#,
        "missing-field: flags.f.rules[0].principal: 0 of them",
    ),
    (
        r#""f": { "rules": [{ "headers": { "a b": "1" }, "variant": "on" }] }"#,
        "invalid-header: flags.f.rules[0].headers[",
    ),
    (r#""f": { "rules": [{ "variantt": "on" }] }"#, "unknown-field: flags.f.rules[0].variantt: "),
];

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (flags, expected) in WRONG {
        let found = findings(&document(flags));
        let said = found.iter().any(|one| one.starts_with(expected));
        assert!(if expected.is_empty() { found.is_empty() } else { said }, "{flags}: {found:#?}");
    }
}

#[test]
fn bounds_are_told() {
    let many = |count: usize, one: &dyn Fn(usize) -> String| {
        (0..count).map(one).collect::<Vec<_>>().join(",")
    };
    let flags = many(1_025, &|n| format!(r#""f{n}": true"#));
    let variants = many(65, &|n| format!(r#""v{n}": true"#));
    let rules = many(65, &|n| format!(r#"{{ "principal": "p{n}", "variant": "on" }}"#));
    let targets = many(257, &|n| format!(r#""p{n}""#));
    let value = "x".repeat(16 * 1024);
    for (text, expected) in [
        (flags, "too-large: flags: 1025 flags"),
        (
            format!(r#""f": {{ "variants": {{ {variants} }}, "defaultVariant": "v0" }}"#),
            "too-large: flags.f.variants: 65 variants",
        ),
        (format!(r#""f": {{ "rules": [{rules}] }}"#), "too-large: flags.f.rules: 65 rules"),
        (
            format!(r#""f": {{ "rules": [{{ "principal": [{targets}], "variant": "on" }}] }}"#),
            "too-large: flags.f.rules[0].principal: 257 of them",
        ),
        (format!(r#""f": "{value}""#), "too-large: flags.f: a value of 16386 bytes"),
    ] {
        let found = findings(&document(&text));
        assert!(found.iter().any(|one| one.starts_with(expected)), "{found:#?}");
    }
    // as many as there may be, each with all that it may have
    let rule = r#"{ "split": { "on": 1, "off": 1 } }"#;
    let rules = many(64, &|_| rule.to_owned());
    let flags = many(1_024, &|n| format!(r#""f{n}": {{ "rules": [{rules}] }}"#));
    assert!(compiled(&document(&flags)).snapshot.len() < 16 << 20);
}

/// Rules that ask for flags.
fn routed(rules: &str, flags: &str) -> String {
    format!(
        r#"{{ "services": {{ "a": {{}}, "b": {{}} }}, "routing": {{ "rules": [{rules}] }}, "flags": {{ {flags} }} }}"#
    )
}

const CANARY: &str = r#"
    { "name": "canary", "path": "/x", "flags": { "f": true }, "service": "b" },
    { "name": "stable", "path": "/x", "service": "a" }"#;
const TO_BOB: &str = r#""f": { "rules": [{ "principal": "bob", "variant": "on" }] }"#;

fn explained(text: &str, headers: &str) -> Value {
    let request = format!(r#"{{ "url": "/x", "headers": {headers} }}"#);
    let node = |text: &str| Node::parse_json(text).unwrap();
    serde_json::to_value(explain_node(&node(text), &node(&request)).unwrap()).unwrap()
}

#[test]
fn a_rule_may_ask_for_a_flag() {
    let text = routed(CANARY, TO_BOB);
    let bob = explained(&text, r#"{ ":principal": "bob" }"#);
    assert_eq!(bob["rule"]["name"], "canary");
    assert_eq!(bob["backends"][0]["service"]["name"], "b");
    assert!(bob["rule"]["why"].as_array().unwrap().contains(&json!("flag f = \"on\"")));
    let eve = explained(&text, r#"{ ":principal": "eve" }"#);
    assert_eq!(eve["rule"]["name"], "stable");
    let other = &eve["others"][0];
    assert_eq!(
        (&other["refusal"], &other["why"]),
        (&json!("flag"), &json!("flag f is off; asked for \"on\""))
    );
    let off = text.replace(r#""f": {"#, r#""f": { "enabled": false,"#);
    assert_eq!(
        explained(&off, "{}")["others"][0]["why"],
        "flag f is switched off; asked for \"on\""
    );
}

#[test]
fn pins_and_faults_may_ask_for_flags() {
    let rules = r#"{ "path": "/x", "backends": ["a", { "service": "b", "weight": 0, "flags": { "f": "on" },
        "filters": [{ "fault": { "abort": { "status": 418 }, "flags": { "f": "on" } } }] }] }"#;
    let text = routed(rules, TO_BOB);
    let bob = explained(&text, r#"{ ":principal": "bob" }"#);
    assert_eq!(bob["backends"][1]["pins"], json!(["flag f = \"on\""]));
    assert_eq!(bob["rule"]["split"]["by"], "pin", "{:?}", bob["rule"]["split"]);
    assert_eq!(findings(&text), Vec::<String>::new());
}

#[test]
fn conditions_on_flags_that_are_wrong_are_told() {
    for (rule, expected) in [
        (
            r#""flags": { "baner": "on" }"#,
            "unknown-flag: routing.rules[0].flags.baner: the unknown flag `baner`; expected a flag of `flags` \u{2014} did you mean `banner`?",
        ),
        (
            r#""flags": { "f": "onn" }"#,
            "unknown-name: routing.rules[0].flags.f: the unknown variant \"onn\"",
        ),
        (r#""flags": { "t": true }"#, "wrong-type: routing.rules[0].flags.t: true; "),
        (
            r#""flags": { "two": true }"#,
            "wrong-type: routing.rules[0].flags.two: true; expected the name of a variant: several",
        ),
        (r#""flags": { "f": 1 }"#, "wrong-type: routing.rules[0].flags.f: the number 1; "),
        (
            r#""matches": [{ "path": "/y" }], "flags": { "f": true }"#,
            "conflicting-fields: routing.rules[0]: both `matches` and `flags`",
        ),
    ] {
        let text = routed(
            &format!(r#"{{ "service": "a", {rule} }}"#),
            r#""f": {}, "t": "x", "banner": true, "two": { "variants": { "a": true, "b": true }, "defaultVariant": "a" }"#,
        );
        let found = findings(&text);
        assert!(found.iter().any(|one| one.starts_with(expected)), "{found:#?}");
    }
}

#[test]
fn rules_that_ask_for_flags_count_as_rules_with_conditions() {
    let same = r#"{ "path": "/x", "flags": { "f": true }, "service": "a" },
                  { "path": "/x", "flags": { "f": "on" }, "service": "b" }"#;
    assert!(findings(&routed(same, TO_BOB))[0].starts_with("conflicting-rules: routing.rules[1]"));
    let other = same.replace(r#""on""#, "false");
    assert_eq!(findings(&routed(&other, TO_BOB)), Vec::<String>::new());
}

fn difference(old: &str, new: &str) -> Value {
    let node = |text: &str| Node::parse_json(text).unwrap();
    serde_json::to_value(diff_nodes(&node(old), &node(new)).unwrap()).unwrap()
}

#[test]
fn changes_of_flags_are_told_with_the_requests_that_they_move() {
    let percent = TO_BOB.replace(r#""principal": "bob""#, r#""percent": 20"#);
    let found = difference(&routed(CANARY, TO_BOB), &routed(CANARY, &percent));
    let messages: Vec<&str> = found["settings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|change| change["message"].as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "flags.f.rules.rules[0].when: header :principal = \"bob\" → none",
            "flags.f.rules.rules[0].by: none → principal",
            "flags.f.rules.rules[0].shares: on 100 % → on 20 %, next rule 80 %",
        ]
    );
    let requests = found["requests"].to_string();
    assert!(requests.contains("canary"), "{found}");
    let same = difference(&routed(CANARY, TO_BOB), &routed(CANARY, TO_BOB));
    assert_eq!(same["same"], true);
    // a condition alone
    let without = routed(&CANARY.replace(r#""flags": { "f": true }, "#, ""), TO_BOB);
    let found = difference(&routed(CANARY, TO_BOB), &without);
    assert!(!found["requests"].as_array().unwrap().is_empty(), "{found}");
}
