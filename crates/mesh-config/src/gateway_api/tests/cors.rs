use super::*;
use crate::document::CorsMethod;

/// A route with one rule of these filters.
fn filtered(filters: &str, of_backend: &str) -> Import {
    let spec = format!(
        r#"{PUBLIC}, "rules": [{{ "matches": [{{ "method": "PUT" }}], "filters": [{filters}],
           "backendRefs": [{{ "name": "cart", "port": 80, "filters": [{of_backend}] }}] }}]"#
    );
    imported("", &[route("one", &spec)])
}

fn filters_of(import: &Import) -> Vec<Filter> {
    let document = public(import);
    assert!(crate::compile(&document).is_ok());
    rules(&document)[0].filters.clone().unwrap_or_default()
}

#[test]
fn origins_may_call_as_the_route_says() {
    let import = filtered(
        r#"{ "type": "CORS", "cors": { "allowOrigins": ["https://*.bar.com:12345", "https://foo.com"],
             "allowMethods": ["GET", "PUT"], "allowHeaders": ["*"], "exposeHeaders": ["x-a"],
             "allowCredentials": true, "maxAge": 3600 } }"#,
        "",
    );
    assert_eq!(warnings(&import), Vec::<String>::new());
    let filters = filters_of(&import);
    let [Filter::Cors(cors)] = filters.as_slice() else { panic!("{filters:?}") };
    let origins: Vec<&str> = cors.allow_origins.iter().map(|origin| origin.as_str()).collect();
    assert_eq!(origins, ["https://*.bar.com:12345", "https://foo.com"]);
    assert_eq!(cors.allow_methods.as_deref(), Some(&[CorsMethod::Get, CorsMethod::Put][..]));
    assert_eq!(cors.expose_headers.as_ref().map(Vec::len), Some(1));
    assert_eq!(cors.allow_credentials, Some(true));
    assert_eq!(cors.max_age.map(|age| age.micros().0), Some(3_600_000_000));
}

#[test]
fn what_cannot_be_compared_is_left_out_and_named() {
    let import = filtered(
        r#"{ "type": "CORS", "cors": { "allowOrigins": ["https://foo.com", "no origin"],
             "allowMethods": ["get"], "exposeHeaders": ["*", "x-a"], "allowCredentials": true, "maxAge": 1000000 } }"#,
        r#"{ "type": "CORS", "cors": { "allowOrigins": ["*"] } }"#,
    );
    let found = warnings(&import);
    for (place, what) in [
        ("filters[0].cors.allowOrigins[1]", "a value that is left out"),
        ("filters[0].cors.allowMethods[0]", "a value that is left out"),
        ("filters[0].cors.exposeHeaders", "beside `allowCredentials`"),
        ("backendRefs[0].filters[0]", "a filter CORS of a backend, which is left out"),
    ] {
        let named = found.iter().any(|line| line.contains(place) && line.contains(what));
        assert!(named, "{place} {what}: {found:#?}");
    }
    assert_eq!(found.len(), 4, "{found:#?}");
    let filters = filters_of(&import);
    let [Filter::Cors(cors)] = filters.as_slice() else { panic!("{filters:?}") };
    assert_eq!((cors.allow_origins.len(), cors.allow_methods.as_ref()), (1, None));
    assert_eq!(cors.expose_headers.as_ref().map(Vec::len), Some(1));
    assert_eq!(cors.max_age.map(|age| age.micros().0), Some(crate::limits::DURATION_US_MAX));
}

#[test]
fn a_filter_without_origins_is_left_out_and_two_are_broken() {
    let import = filtered(r#"{ "type": "CORS", "cors": { "allowOrigins": [] } }"#, "");
    assert_eq!(warnings(&import).len(), 1);
    assert_eq!(filters_of(&import), []);
    let one = r#"{ "type": "CORS", "cors": { "allowOrigins": ["*"] } }"#;
    let twice = filtered(&format!("{one}, {one}"), "");
    let accepted = twice.statuses()[0].condition(RouteConditionType::Accepted).unwrap();
    assert!(!accepted.status);
    assert!(crate::compile(&public(&twice)).is_ok());
}
