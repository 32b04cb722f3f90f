use super::*;

/// A module by hand: one imported function, one own function of 3 bytes called `own`.
fn sample() -> Vec<u8> {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    bytes.extend([1, 4, 1, 0x60, 0, 0]); // type: () -> ()
    bytes.extend([2, 7, 1, 1, b'm', 1, b'f', 0, 0]); // import m.f, a function of type 0
    bytes.extend([3, 2, 1, 0]); // function 1 is of type 0
    bytes.extend([10, 5, 1, 3, 0, 0x01, 0x0b]); // its code: no locals, nop, end
    bytes.extend([0, 13, 4, b'n', b'a', b'm', b'e', 1, 6, 1, 1, 3, b'o', b'w', b'n']);
    bytes
}

#[test]
fn sections_imports_and_functions_are_read() {
    let outline = outline(&sample()).unwrap();
    let names: Vec<&str> = outline.sections.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["type", "import", "function", "code", "name"]);
    assert_eq!(outline.imports, [Import { module: "m".into(), name: "f".into() }]);
    assert_eq!(outline.functions, [("own".to_owned(), 3)]);
}

#[test]
fn every_truncation_is_an_error_or_a_shorter_module() {
    let bytes = sample();
    for end in 0..bytes.len() {
        if let Ok(outline) = outline(&bytes[..end]) {
            assert!(outline.sections.len() < 5, "cut at {end}");
        }
    }
}

#[test]
fn what_is_no_module_is_refused() {
    assert!(outline(b"\x7fELF\x02\x01\x01\0").is_err());
    assert!(outline(b"").is_err());
    let mut endless = b"\0asm\x01\0\0\0".to_vec();
    endless.extend([1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    assert!(outline(&endless).is_err());
}
