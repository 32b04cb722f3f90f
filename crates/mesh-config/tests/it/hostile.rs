//! No tree of values, however strange, does more than be refused.

use mesh_config::{
    document::Document,
    limits::DEPTH_MAX,
    node::{Node, Refusal},
};
use proptest::prelude::*;

use crate::corpus::GOOD;

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("services".to_owned()),
        Just("routing".to_owned()),
        Just("rules".to_owned()),
        Just("a".to_owned()),
        Just("path".to_owned()),
        Just("value".to_owned()),
        Just("headers".to_owned()),
        Just("endpoints".to_owned()),
        Just("filters".to_owned()),
        Just("cors".to_owned()),
        Just("fault".to_owned()),
        Just("service".to_owned()),
        ".{0,8}",
    ]
}

pub(crate) fn node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(Node::Null),
        any::<bool>().prop_map(Node::Bool),
        any::<f64>().prop_map(Node::Number),
        (0..600u32).prop_map(|n| Node::Number(f64::from(n))),
        "[a-z/{}*:.\\[\\]#@0-9-]{0,12}".prop_map(Node::Text),
        ".{0,12}".prop_map(Node::Text),
        Just(Node::Refused(Refusal::Deep)),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Node::List),
            prop::collection::vec((name(), inner), 0..6).prop_map(Node::Object),
        ]
    })
}

/// Puts `graft` in place of the `at`-th value of the tree, counted from the root.
pub(crate) fn replace(tree: &mut Node, at: &mut usize, graft: &Node) {
    if *at == 0 {
        *tree = graft.clone();
        *at = usize::MAX;
        return;
    }
    *at = at.saturating_sub(1);
    match tree {
        Node::List(items) => items.iter_mut().for_each(|item| replace(item, at, graft)),
        Node::Object(fields) => fields.iter_mut().for_each(|(_, node)| replace(node, at, graft)),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::Refused(_) => {}
    }
}

proptest! {
    #[test]
    fn arbitrary_trees_are_refused_or_read(tree in node()) {
        if let Err(found) = Document::decode(&tree) {
            prop_assert!(found.iter().count() <= 200);
            prop_assert!(found.errors() > 0);
        }
    }

    #[test]
    fn good_documents_with_one_strange_value_are_refused_or_read(
        which in 0..GOOD.len(), at in 0..200usize, graft in node(),
    ) {
        let mut tree = Node::parse_json(GOOD[which]).unwrap();
        replace(&mut tree, &mut at.clone(), &graft);
        if let Err(found) = Document::decode(&tree) {
            prop_assert!(found.errors() > 0);
        }
    }

    #[test]
    fn arbitrary_text_is_refused_or_read(text in ".{0,200}") {
        prop_assert!(Document::parse_json(&text).is_err());
    }
}

#[test]
fn endless_depth_ends() {
    let text = format!("{}5{}", "[".repeat(100), "]".repeat(100));
    let node = Node::parse_json(&text).unwrap();
    let mut depth = 0;
    let mut current = &node;
    while let Node::List(items) = current {
        current = &items[0];
        depth += 1;
    }
    assert_eq!((depth, current), (DEPTH_MAX, &Node::Refused(Refusal::Deep)));
}

#[test]
fn a_document_without_end_ends() {
    let text = format!("[{}5]", "\"a\",".repeat(700_000));
    let Ok(Node::List(items)) = Node::parse_json(&text) else { panic!("no list") };
    assert!(items.len() < 600_000);
    assert_eq!(items.last(), Some(&Node::Refused(Refusal::Large)));
}
