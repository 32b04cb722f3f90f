//! Against the `regex` crate, and at the bounds.

use proptest::prelude::*;

use super::*;

fn accepts(automaton: &Automaton, text: &[u8]) -> bool {
    automaton.accepts(text.iter().copied())
}

fn reference(source: &str) -> ::regex::bytes::Regex {
    ::regex::bytes::RegexBuilder::new(&format!("^(?:{source})$")).unicode(false).build().unwrap()
}

#[test]
fn known_expressions_take_what_they_should() {
    for (source, yes, no) in [
        ("", &["" as &str][..], &["a"][..]),
        ("abc", &["abc"], &["ab", "abcd", "xabc"]),
        ("a|ab", &["a", "ab"], &["b", "abb"]),
        ("/users/[0-9]+", &["/users/1", "/users/42"], &["/users/", "/users/1/"]),
        ("(?i)get", &["get", "GET", "gEt"], &["gets"]),
        ("^a$", &["a"], &["aa", ""]),
        ("$^", &[""], &["a"]),
        ("a^b", &[], &["ab", "a^b"]),
        ("(a*)*", &["", "a", "aaaa"], &["b"]),
        ("a{2,3}", &["aa", "aaa"], &["a", "aaaa"]),
        ("(a|b)*c", &["c", "abbac"], &["ab"]),
        (".*", &["", "a b", "\u{e9}"], &["a\nb"]),
        ("\\d\\w\\s", &["1a ", "2_\t"], &["aa ", "1a"]),
        ("\u{e9}+", &["\u{e9}", "\u{e9}\u{e9}"], &["e"]),
        ("[^/]+", &["abc"], &["a/b", ""]),
        ("[a&&b]", &[], &["a", "b", ""]),
    ] {
        let automaton = compile_expression(source).unwrap();
        for text in yes {
            assert!(accepts(&automaton, text.as_bytes()), "{source} takes {text}");
        }
        for text in no {
            assert!(!accepts(&automaton, text.as_bytes()), "{source} refuses {text}");
        }
    }
}

#[test]
fn what_is_no_finite_automaton_or_too_large_is_refused() {
    let error = |source: &str| compile_expression(source).unwrap_err().to_string();
    assert_eq!(error("(a"), "no regular expression: unclosed group, at character 1");
    assert!(error("(a)\\1").contains("backreferences"));
    assert!(error("a(?=b)").contains("look-around"));
    assert!(error("\\bword\\b").contains("word boundaries"));
    assert!(error(&"a".repeat(2_000)).contains("1024 bytes"));
    assert!(error("((a{100}){100}){100}").contains("8192 states"));
    assert!(error("(((){1000}){1000}){1000}x{9000}").starts_with("too large"));
    assert!(error("[ab]*a[ab]{14}").contains("4096 states"));
    assert!(error(&"(".repeat(100)).starts_with("no regular expression"));
}

#[test]
fn tables_are_minimal() {
    let small = compile_expression("(a|b)*").unwrap();
    // dead and one live state; a-b and the rest
    assert_eq!((small.transitions.len(), small.class_count), (4, 2));
    let same = compile_expression("(?:a|a|a)(?:b|b)").unwrap();
    assert_eq!(same, compile_expression("ab").unwrap());
}

#[test]
fn one_expression_covers_another_or_not() {
    for (outer, inner, expected) in [
        (".*", "/a/.*", true),
        ("/a/.*", "/a/[0-9]+", true),
        ("/a/[0-9]+", "/a/.*", false),
        ("/a(/.*)?", "/a/b", true),
        ("a|b", "b|a", true),
        ("a", "[a&&b]", true),
        ("[a&&b]", "a", false),
    ] {
        let (outer_table, inner_table) =
            (compile_expression(outer).unwrap(), compile_expression(inner).unwrap());
        assert_eq!(covers(&outer_table, &inner_table), expected, "{outer} {inner}");
    }
}

fn source() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[abc]",
        Just(".".to_owned()),
        Just("[ab]".to_owned()),
        Just("[^a]".to_owned()),
        Just("\\w".to_owned()),
        Just("^".to_owned()),
        Just("$".to_owned()),
        Just("\\xff".to_owned()),
        Just("(?i:aB)".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            prop::collection::vec(inner.clone(), 1..4)
                .prop_map(|parts| format!("({})", parts.join("|"))),
            (inner, prop_oneof![Just("*"), Just("+"), Just("?"), Just("{2}"), Just("{1,3}")])
                .prop_map(|(part, times)| format!("(?:{part}){times}")),
        ]
    })
}

proptest! {
    #[test]
    fn random_expressions_take_what_the_regex_crate_takes(
        source in source(),
        texts in prop::collection::vec(
            prop::collection::vec(prop_oneof![
                Just(b'a'), Just(b'b'), Just(b'c'), Just(b'A'), Just(b'\n'), Just(0xff), any::<u8>(),
            ], 0..8),
            1..24,
        ),
    ) {
        let Ok(automaton) = compile_expression(&source) else { return Ok(()) };
        let expected = reference(&source);
        for text in texts {
            prop_assert_eq!(accepts(&automaton, &text), expected.is_match(&text), "{:?}", text);
        }
        prop_assert!(covers(&automaton, &automaton));
    }

    #[test]
    fn any_text_compiles_or_is_refused(source in ".{0,40}") {
        if let Ok(automaton) = compile_expression(&source) {
            prop_assert!(automaton.transitions.len() * 2 <= EXPRESSION_TABLE_BYTES_MAX);
        }
    }
}
