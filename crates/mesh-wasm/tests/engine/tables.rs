//! Handler tables: numbers, parameters, methods, and lines that are wrong.

use mesh_core::reason::Reason;
use mesh_wasm::engine::{
    abi::{out, step},
    exports,
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::host::{self, NOW};

#[wasm_bindgen_test]
fn a_handler_gets_its_number_and_parameters() {
    host::load(r#"{ "services": {} }"#);
    let table = host::handlers("/users\nGET,POST /users/{id}/cart/{item}\n/files/*");
    assert!(table >= 0);
    assert_eq!(host::begin(table, "", "/users", NOW), step::LOCAL);
    assert_eq!((host::slot(out::HANDLER), host::slot(out::PARAMS)), (0, 0));
    assert_eq!(host::begin(table, "", "//users/42/./cart/a%2fb", NOW), step::LOCAL);
    assert_eq!((host::slot(out::HANDLER), host::slot(out::PARAMS)), (1, 2));
    let path = host::text();
    let part = |at: usize| {
        let (start, len) =
            (host::slot(out::PARAM_FIRST + 2 * at), host::slot(out::PARAM_FIRST + 2 * at + 1));
        path[start as usize..(start + len) as usize].to_owned()
    };
    assert_eq!((part(0), part(1)), ("42".to_owned(), "a%2Fb".to_owned()));
    assert_eq!(host::begin(table, "", "/files/a/b", NOW), step::LOCAL);
    assert_eq!(host::slot(out::HANDLER), 2);
}

#[wasm_bindgen_test]
fn another_method_is_405_with_those_that_are_taken() {
    host::load(r#"{ "services": {} }"#);
    let table = host::handlers("PUT,GET /x\nDELETE /x");
    host::write(b"/x");
    let patch = 8;
    host::set_request(table, patch, [0, 2, 0]);
    assert_eq!(exports::engine_begin(NOW), step::RESPOND);
    assert_eq!(
        (host::slot(out::STATUS), host::slot(out::REASON)),
        (405, Reason::MethodNotAllowed as i32)
    );
    let allow = host::text();
    for method in ["GET", "PUT", "DELETE"] {
        assert!(allow.split(", ").any(|name| name == method), "{allow}");
    }
}

#[wasm_bindgen_test]
fn a_wrong_line_is_named_and_tables_before_it_stay() {
    let good = host::handlers("/good");
    for (lines, line) in [
        ("users", 0),
        ("", 0),
        ("/a\n/b/{", 1),
        ("/a\n/b\n/c/*/d", 2),
        ("/{a}/{a}", 0),
        ("/a//b", 0),
        ("GOT /a", 0),
        ("/a\nGET,,POST /b", 1),
        ("/a/..", 0),
        ("/\u{e9}", 0),
    ] {
        assert_eq!(host::handlers(lines), -1 - line, "{lines}");
        assert!(host::text().len() > 8, "{lines}");
    }
    host::load(r#"{ "services": {} }"#);
    assert_eq!(host::begin(good, "", "/good", NOW), step::LOCAL);
    assert!(host::handlers("/after") > good);
}

#[wasm_bindgen_test]
fn sixteen_parameters_and_a_star_fit_the_slots() {
    let pattern: String = (0..16).map(|n| format!("/{{p{n}}}")).collect();
    let table = host::handlers(&format!("{pattern}/*"));
    let path: String = (0..16).map(|n| format!("/v{n}")).collect();
    assert_eq!(host::begin(table, "", &path, NOW), step::LOCAL);
    assert_eq!((host::slot(out::PARAMS), host::slot(out::PARAM_FIRST + 33)), (17, 0));
    let path = format!("{path}/rest/of it");
    assert_eq!(host::begin(table, "", &path, NOW), step::LOCAL);
    assert_eq!(host::slot(out::PARAMS), 17);
    assert_eq!(&host::text()[host::slot(out::PARAM_FIRST + 32) as usize..], "rest/of%20it");
    let (start, len) = (host::slot(out::PARAM_FIRST + 30), host::slot(out::PARAM_FIRST + 31));
    assert_eq!(&host::text()[start as usize..(start + len) as usize], "v15");
    assert_eq!(host::handlers(&format!("{pattern}/{{p16}}")), -1);
}
