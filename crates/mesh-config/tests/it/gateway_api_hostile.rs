//! Objects with any one value replaced: an import refuses them or gives documents that compile.

use mesh_config::{
    compile,
    gateway_api::{Entry, Options, import},
    node::Node,
};
use serde_json::{Value, json};

/// A rule for pages of other origins.
fn with_cors() -> Value {
    json!({
        "filters": [{ "type": "CORS", "cors": {
          "allowOrigins": ["https://*.a.example"], "allowMethods": ["PUT"], "allowHeaders": ["x-a"],
          "exposeHeaders": ["*"], "allowCredentials": false, "maxAge": 5 } }],
        "backendRefs": [{ "name": "cart", "port": 80 }]
    })
}

/// A Namespace that a selector finds.
fn with_labels() -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace",
            "metadata": { "name": "shop", "labels": { "tier": "front" } } })
}

/// Everything that an import reads, once.
fn objects() -> Value {
    json!([with_labels(),
        { "apiVersion": "v1", "kind": "Service",
          "metadata": { "name": "cart", "namespace": "shop" },
          "spec": { "type": "ClusterIP",
                    "ports": [{ "name": "a", "port": 80, "protocol": "TCP", "appProtocol": "http" },
                              { "port": 81 }] } },
        { "apiVersion": "gateway.networking.k8s.io/v1", "kind": "ReferenceGrant",
          "metadata": { "name": "g", "namespace": "shop" },
          "spec": { "from": [{ "group": "gateway.networking.k8s.io", "kind": "HTTPRoute",
                               "namespace": "web" }],
                    "to": [{ "group": "", "kind": "Service", "name": "cart" }] } },
        { "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
          "metadata": { "name": "public", "namespace": "infra" },
          "spec": { "listeners": [
            { "name": "w", "port": 80, "protocol": "HTTP", "hostname": "*.shop.example",
              "allowedRoutes": { "kinds": [{ "kind": "HTTPRoute" }], "namespaces": {
                "from": "Selector", "selector": { "matchLabels": { "tier": "front" },
                  "matchExpressions": [{ "key": "tier", "operator": "Exists", "values": [] }] } } } },
            { "name": "v", "port": 80, "allowedRoutes": { "namespaces": { "from": "All" } } }] } },
        { "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
          "metadata": { "name": "r", "namespace": "shop",
                        "creationTimestamp": "2026-01-01T00:00:00Z" },
          "spec": {
            "parentRefs": [{ "name": "public", "namespace": "infra", "sectionName": "w", "port": 80 },
                           { "name": "public", "namespace": "infra" },
                           { "group": "", "kind": "Service", "name": "cart", "port": 80 }],
            "hostnames": ["a.shop.example"],
            "rules": [
              { "name": "first",
                "matches": [{ "path": { "type": "PathPrefix", "value": "/a" }, "method": "GET",
                              "headers": [{ "type": "Exact", "name": "x", "value": "1" }],
                              "queryParams": [{ "name": "q", "value": "1" }] }],
                "filters": [
                  { "type": "RequestHeaderModifier", "requestHeaderModifier": {
                      "set": [{ "name": "a", "value": "1" }], "remove": ["b"] } },
                  { "type": "URLRewrite", "urlRewrite": { "hostname": "b.example",
                      "path": { "type": "ReplacePrefixMatch", "replacePrefixMatch": "/b" } } }],
                "backendRefs": [
                  { "group": "", "kind": "Service", "namespace": "shop", "name": "cart", "port": 80,
                    "weight": 1, "filters": [{ "type": "ResponseHeaderModifier",
                      "responseHeaderModifier": { "add": [{ "name": "c", "value": "2" }] } }] }],
                "timeouts": { "request": "10s", "backendRequest": "1s" },
                "retry": { "codes": [503], "attempts": 2, "backoff": "100ms" } },
              { "matches": [{ "path": { "type": "Exact", "value": "/c" } },
                            { "path": { "type": "RegularExpression", "value": "/d.*" } }],
                "filters": [{ "type": "RequestRedirect", "requestRedirect": {
                  "scheme": "https", "hostname": "c.example", "port": 8443, "statusCode": 301,
                  "path": { "type": "ReplaceFullPath", "replaceFullPath": "/e" } } }] }, with_cors()] } },
        { "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GRPCRoute",
          "metadata": { "name": "g", "namespace": "shop" },
          "spec": {
            "parentRefs": [{ "name": "public", "namespace": "infra", "sectionName": "v" },
                           { "group": "", "kind": "Service", "name": "cart", "port": 81 }],
            "hostnames": ["g.shop.example"],
            "rules": [
              { "name": "first",
                "matches": [
                  { "method": { "type": "Exact", "service": "shop.Cart", "method": "Add" },
                    "headers": [{ "type": "Exact", "name": "x", "value": "1" }] },
                  { "method": { "type": "RegularExpression", "service": "a|b", "method": "c" } }],
                "filters": [{ "type": "RequestMirror", "requestMirror": { "percent": 5,
                              "backendRef": { "name": "cart", "port": 80 } } }],
                "backendRefs": [
                  { "name": "cart", "port": 81, "filters": [{ "type": "RequestHeaderModifier",
                      "requestHeaderModifier": { "add": [{ "name": "c", "value": "2" }] } }] },
                  { "name": "gone", "port": 81 }] }] } }
    ])
}

/// A pointer to every value.
fn places(value: &Value, here: &str, out: &mut Vec<String>) {
    out.push(here.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, one)| places(one, &format!("{here}/{name}"), out));
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(index, one)| places(one, &format!("{here}/{index}"), out));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// True where the import takes them; what does not compile then is a fault of ours.
fn compiles(objects: &Value) -> Result<bool, String> {
    let nodes: Vec<Node> = serde_json::from_value(objects.clone()).unwrap();
    let Ok(import) = import(&nodes, &Options::default()) else { return Ok(false) };
    let more =
        [Entry::mesh("shop", 80), Entry::mesh("shop", 81), Entry::gateway("infra", "public", 80)];
    let more = more.iter().filter(|entry| !import.entries().contains(entry));
    for entry in import.entries().iter().chain(more) {
        compile(&import.document(entry)).map_err(|found| format!("{entry:?}: {found}"))?;
    }
    Ok(true)
}

#[test]
fn any_one_value_may_be_anything() {
    let objects = objects();
    assert_eq!(compiles(&objects), Ok(true));
    let mut pointers = Vec::new();
    places(&objects, "", &mut pointers);
    let long = "a".repeat(300);
    let odd = [
        json!(null),
        json!(-1),
        json!(0),
        json!(""),
        json!("*"),
        json!("/"),
        json!("//"),
        json!("a b\n"),
        json!("Größe"),
        json!(long),
        json!([]),
        json!([null]),
        json!({}),
        json!({ "type": "x", "name": "x", "value": "(" }),
    ];
    let (mut taken, mut refused, mut faults) = (0, 0, Vec::new());
    for pointer in pointers.iter().filter(|pointer| !pointer.is_empty()) {
        for one in &odd {
            let mut other = objects.clone();
            *other.pointer_mut(pointer).unwrap() = one.clone();
            match compiles(&other) {
                Ok(true) => taken += 1,
                Ok(false) => refused += 1,
                Err(fault) => faults.push(format!("{pointer} = {one}: {fault}")),
            }
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    assert!(taken > 300 && refused > 300, "{taken} {refused}");
}
