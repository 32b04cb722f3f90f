//! What isolates share: what is found in it, what hosts are told, and what a registry is.

use mesh_config::{
    compile_json, diff_nodes, document::Document, explain_node, node::Node, shared::SharedState,
};
use mesh_core::{outlier::OutlierConfig, snapshot::Snapshot, time::Micros};
use serde_json::json;

const SHARED: &str = r#"{ "defaults": { "outlierDetection": { "maxEjectionPercent": 30 } }, "services": {
    "a": { "endpoints": ["a1.example", "a2.example"] },
    "b": { "outlierDetection": false },
    "c": { "outlierDetection": false, "shareState": true },
    "d": { "outlierDetection": { "baseEjectionTime": "20m", "successRateStdevFactor": 1.234,
           "enforcingFailurePercentage": 100, "openIsolatesPercent": 0 } } } }"#;

#[test]
fn hosts_are_told_which_services_and_nothing_where_there_is_none() {
    let text = |document: &str| {
        let compiled = compile_json(document).unwrap();
        let snapshot = Snapshot::decode(&compiled.snapshot).unwrap();
        let text: serde_json::Value = serde_json::from_slice(snapshot.host_text()).unwrap();
        text.get("shared").cloned()
    };
    assert_eq!(text(SHARED), Some(json!([0, 2, 3])));
    assert_eq!(text(r#"{ "services": { "a": {}, "b": { "shareState": false } } }"#), None);
    let own = r#"{ "defaults": { "shareState": true }, "services": { "a": {} } }"#;
    assert_eq!(text(own), Some(json!([0])));
}

#[test]
fn a_registry_is_told_the_settings_with_every_default() {
    let document = Document::decode(&Node::parse_json(SHARED).unwrap()).unwrap();
    let of = |service: &str| SharedState::of(&document, service);
    let ours = OutlierConfig {
        consecutive_5xx: 0,
        consecutive_gateway_failure: 0,
        consecutive_local_origin_failure: 0,
        max_ejection_percent: 30,
        always_eject_one: true,
        spare_last: true,
        ..OutlierConfig::DEFAULT
    };
    let (a, c, d) = (of("a"), of("c"), of("d"));
    assert_eq!((a.outliers, a.open_isolates_percent, a.state), (Some(ours), 50, false));
    assert_eq!(of("registered-only"), a);
    assert_eq!(of("b"), SharedState::default());
    assert!(!of("b").is_some());
    assert_eq!((c.outliers, c.state, c.is_some()), (None, true, true));
    let expected = OutlierConfig {
        base_ejection: Micros::from_secs(1_200),
        max_ejection: Micros::from_secs(1_200),
        stdev_factor_permille: 1_234,
        enforcing_failure_percentage: 100,
        max_ejection_percent: 10,
        ..ours
    };
    assert_eq!((d.outliers, d.open_isolates_percent), (Some(expected), 0));
}

#[test]
fn what_cannot_be_meant_is_found_where_it_stands() {
    let found = compile_json(
        r#"{ "services": { "a": { "outlierDetection": { "interval": "10ms", "baseEjectionTime": 1,
               "maxEjectionPercent": 200, "enforcingSucessRate": 5 }, "shareState": "a" } } }"#,
    );
    let found = found.unwrap_err();
    let found: Vec<(&str, &str, &str)> =
        found.iter().map(|one| (&*one.path, &*one.found, &*one.expected)).collect();
    let at = |field: &str| format!("services.a.outlierDetection.{field}");
    let paths: Vec<&str> = found.iter().map(|(path, ..)| *path).collect();
    assert!(paths.contains(&at("maxEjectionPercent").as_str()), "{found:?}");
    assert!(paths.contains(&at("enforcingSucessRate").as_str()), "{found:?}");
    assert!(paths.contains(&"services.a.shareState"), "{found:?}");

    let found = compile_json(
        r#"{ "services": { "a": { "outlierDetection": { "interval": "10ms", "baseEjectionTime": 1 } } },
             "defaults": { "outlierDetection": { "interval": 0 } } }"#,
    );
    let found: Vec<(String, String, String)> = found
        .unwrap_err()
        .iter()
        .map(|one| (one.path.clone(), one.found.clone(), one.expected.clone()))
        .collect();
    let expected = [
        ("defaults.outlierDetection.interval", "a time of 0 s", "1 s or longer"),
        ("services.a.outlierDetection.interval", "a time of 10 ms", "1 s or longer"),
        ("services.a.outlierDetection.baseEjectionTime", "a time of 1 ms", "1 s or longer"),
    ];
    assert_eq!(found, expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())));

    let warned = compile_json(
        r#"{ "services": { "a": { "outlierDetection": { "maxEjectionTime": "10s" } } } }"#,
    );
    let warned: Vec<String> =
        warned.unwrap().diagnostics.iter().map(|one| one.path.clone()).collect();
    assert_eq!(warned, ["services.a.outlierDetection.maxEjectionTime"]);
}

#[test]
fn explanations_and_differences_tell_of_it() {
    let node = Node::parse_json(SHARED).unwrap();
    let service = |name: &str| {
        let request = format!(r#"{{ "url": "/", "service": "{name}" }}"#);
        let found = explain_node(&node, &Node::parse_json(&request).unwrap()).unwrap();
        serde_json::to_value(found).unwrap()["backends"][0]["service"].clone()
    };
    assert_eq!(service("a")["outlierDetection"]["maxEjectionPercent"], 30);
    assert_eq!(service("a")["outlierDetection"]["interval"], 10_000);
    assert_eq!(service("a")["shareState"], false);
    assert_eq!(service("c").get("outlierDetection"), None);
    assert_eq!(service("c")["shareState"], true);

    let before = r#"{ "services": { "a": {} } }"#;
    let after = r#"{ "services": { "a": { "outlierDetection": true, "shareState": true } } }"#;
    let [before, after] = [before, after].map(|text| Node::parse_json(text).unwrap());
    let difference = serde_json::to_value(diff_nodes(&before, &after).unwrap()).unwrap();
    let text = difference["services"].to_string();
    assert!(text.contains("outlierDetection") && text.contains("shareState"), "{difference}");
}
