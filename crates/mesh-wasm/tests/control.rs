//! The surface of `control.wasm`: documents as JavaScript values, hostile ones among them.
#![cfg(all(target_arch = "wasm32", feature = "control"))]
#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

use js_sys::{Array, Function, JSON, Object, Reflect, Uint8Array};
use mesh_core::snapshot::Snapshot;
use mesh_wasm::control::{compile, explain, validate};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

const DOCUMENT: &str = r#"{ services: { users: { endpoints: ["https://users.example"], retries: 3 }, orders: {} },
    routing: { rules: [{ name: "u", path: "/users/*", service: "users" }, { name: "o", path: "/orders/{id}", service: "orders", headers: { "x-a": "1" } }] } }"#;

/// The value of a JavaScript expression.
fn js(expression: &str) -> JsValue {
    Function::new_no_args(&format!("return ({expression});")).call0(&JsValue::UNDEFINED).unwrap()
}

fn field(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap()
}

fn findings(value: &JsValue) -> Vec<String> {
    let list: Array = value.clone().unchecked_into();
    list.iter().map(|found| field(&found, "code").as_string().unwrap()).collect()
}

#[wasm_bindgen_test]
fn a_good_document_becomes_a_snapshot() {
    let compiled = compile(js(DOCUMENT));
    let bytes: Uint8Array = field(&compiled, "snapshot").dyn_into().unwrap();
    let snapshot = Snapshot::decode(&bytes.to_vec()).unwrap();
    assert_eq!((snapshot.services().len(), snapshot.rules().len()), (2, 2));
    let summary = field(&compiled, "summary");
    assert_eq!(field(&summary, "services").as_f64(), Some(2.0));
    assert_eq!(field(&summary, "bytes").as_f64(), Some(f64::from(bytes.length())));
    assert_eq!(findings(&field(&compiled, "diagnostics")), Vec::<String>::new());
    assert_eq!(findings(&validate(js(DOCUMENT))), Vec::<String>::new());
}

#[wasm_bindgen_test]
fn findings_come_all_at_once_as_plain_objects() {
    let document = r#"{ services: { users: { retires: 3, timeout: -1 }, Big: {} }, routing: { rules: [{ service: "user" }] } }"#;
    let compiled = compile(js(document));
    assert!(field(&compiled, "snapshot").is_undefined());
    let list: Array = field(&compiled, "diagnostics").unchecked_into();
    assert!(list.length() >= 4, "{}", String::from(JSON::stringify(&list).unwrap()));
    let first = list.get(0);
    assert!(Object::keys(first.unchecked_ref::<Object>()).length() >= 5);
    for name in ["severity", "code", "path", "found", "expected", "message"] {
        assert!(field(&first, name).is_string(), "{name}");
    }
    assert_eq!(findings(&validate(js(document))), findings(&list));
}

#[wasm_bindgen_test]
fn a_request_is_explained_or_refused_with_findings() {
    let told = |request: &str| explain(js(DOCUMENT), js(request));
    let good =
        told(r#"{ url: "https://a.example/users/7", method: "GET", headers: { "x-a": "1" } }"#);
    assert!(field(&good, "explanation").is_object());
    assert_eq!(findings(&field(&good, "diagnostics")), Vec::<String>::new());
    for wrong in [
        "{}",
        "null",
        "5",
        "{ url: 5 }",
        "{ url: '/', headers: [['a']] }",
        "{ url: '/', nothing: 1 }",
        "{ url: '/', service: 'Not a name' }",
    ] {
        let refused = told(wrong);
        assert!(field(&refused, "explanation").is_undefined(), "{wrong}");
        assert!(!findings(&field(&refused, "diagnostics")).is_empty(), "{wrong}");
    }
    for odd in [
        "{ url: '' }",
        "{ url: '?' }",
        "{ url: '://' }",
        "{ url: 'https://' }",
        "{ url: '/%00' }",
        "{ url: '/' + 'a'.repeat(20000) }",
        "{ url: '\\ud800' }",
        "{ url: '/', method: '' }",
    ] {
        assert!(told(odd).is_object(), "{odd}");
    }
}

/// Values that a careless or hostile caller passes where a document is expected.
const HOSTILE: &[&str] = &[
    "undefined",
    "null",
    "true",
    "0",
    "NaN",
    "Infinity",
    "-0",
    "10n ** 40n",
    "''",
    "'{}'",
    "'\\ud800'",
    "[]",
    "[[]]",
    "() => 1",
    "Symbol('s')",
    "new Date(NaN)",
    "new Map([[{}, 1]])",
    "new Map([['services', new Map()]])",
    "new Set([1])",
    "new Uint8Array(10)",
    "new ArrayBuffer(10)",
    "Object.create(null)",
    "{ services: null }",
    "{ services: { a: undefined } }",
    "{ services: { a: { timeout: NaN, retries: -1 } } }",
    "{ services: { a: { timeout: 1e308, retries: 2 ** 53 } } }",
    "{ services: { a: { timeout: 5n } } }",
    "{ services: { a: { endpoints: new Array(5) } } }",
    "{ services: { a: { endpoints: [Symbol.iterator] } } }",
    "{ services: { ['a'.repeat(1e6)]: {} } }",
    "{ services: { a: { endpoints: 'x'.repeat(1e6) } } }",
    "{ services: { '\\ud800': {} } }",
    "{ services: { __proto__: null } }",
    "{ [Symbol('services')]: 1 }",
    "{ services: {}, routing: { rules: [{ path: { type: 'RegularExpression', value: '(a*)*'.repeat(200) } }] } }",
    "{ services: {}, routing: { rules: [{ path: { type: 'RegularExpression', value: '(((('.repeat(2000) } }] } }",
    "{ services: {}, routing: { rules: new Array(10000).fill({ service: 'a' }) } }",
    "(() => { const a = {}; a.services = a; return a })()",
    "(() => { const a = []; a.push(a); return { services: {}, routing: { rules: a } } })()",
    "(() => { let a = {}; for (let i = 0; i < 5000; i++) a = { services: a }; return a })()",
    "(() => { let a = []; for (let i = 0; i < 5000; i++) a = [a]; return a })()",
];

#[wasm_bindgen_test]
fn hostile_documents_are_findings() {
    for hostile in HOSTILE {
        let compiled = compile(js(hostile));
        let list = findings(&field(&compiled, "diagnostics"));
        assert!(!field(&compiled, "snapshot").is_undefined() || !list.is_empty(), "{hostile}");
        assert!(list.len() <= 200, "{hostile}: {}", list.len());
        assert!(validate(js(hostile)).is_object(), "{hostile}");
        assert!(explain(js(hostile), js("{ url: '/' }")).is_object(), "{hostile}");
        assert!(explain(js(DOCUMENT), js(hostile)).is_object(), "{hostile}");
    }
    // the module still works
    assert!(field(&compile(js(DOCUMENT)), "snapshot").is_object());
}

#[wasm_bindgen_test]
fn any_value_in_the_place_of_any_other_is_no_trap() {
    // puts each hostile value into each place of a good document
    let places = js(r#"(document) => {
            const places = [];
            const visit = (value, path) => {
                places.push(path);
                if (value !== null && typeof value === "object") {
                    for (const key of Object.keys(value)) visit(value[key], [...path, key]);
                }
            };
            visit(document, []);
            return places.slice(1);
        }"#);
    let graft = js(r#"(document, path, value) => {
            let at = document;
            for (const key of path.slice(0, -1)) at = at[key];
            at[path.at(-1)] = value;
            return document;
        }"#);
    let (places, graft): (Function, Function) = (places.unchecked_into(), graft.unchecked_into());
    let places: Array = places.call1(&JsValue::NULL, &js(DOCUMENT)).unwrap().unchecked_into();
    assert!(places.length() > 15);
    for place in places.iter() {
        for hostile in HOSTILE.iter().filter(|text| text.len() < 60) {
            let value = js(hostile);
            let document = graft.call3(&JsValue::NULL, &js(DOCUMENT), &place, &value).unwrap();
            let compiled = compile(document);
            assert!(field(&compiled, "diagnostics").is_object(), "{hostile}");
        }
    }
}
