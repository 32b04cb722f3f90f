//! Documents of older versions of the format, brought to this one before they are read.
//!
//! A document says its version in `version`; without one it is of version 1. Each step leads from one
//! version to the next, on the tree and before anything is checked, so that findings speak of the
//! fields as they are called now. What is stored stays as it was written: it is brought up each time it
//! is read, and a registry that goes back to the release before still has what that one wrote.
//!
//! A document of a newer version is refused with that one finding: what else could be said of it would
//! be about fields that this build does not know.

use alloc::borrow::Cow;

use crate::{
    decode::whole_number,
    diagnostic::{Code, Diagnostic, Diagnostics},
    node::Node,
};

/// Leads from a version to the next.
type Step = fn(&mut Node);

/// The steps, from version 1 on. There is one version so far.
const STEPS: &[Step] = &[];

/// The document in the version that this build reads.
pub(crate) fn current(node: &Node) -> Result<Cow<'_, Node>, Diagnostics> {
    brought_up(node, STEPS)
}

fn brought_up<'n>(node: &'n Node, steps: &[Step]) -> Result<Cow<'n, Node>, Diagnostics> {
    let Some(version) = version_of(node) else { return Ok(Cow::Borrowed(node)) };
    let newest = steps.len().saturating_add(1);
    if version > newest {
        let found = format!("a document of version {version}, which is newer");
        let expected = format!("at most version {newest}, which this build reads");
        let hint = "use the release of diddy-mesh that it was written for";
        let found = Diagnostic::error(Code::OutOfRange, "version", &found, &expected);
        let mut all = Diagnostics::default();
        all.push(found.with_hint(hint));
        return Err(all);
    }
    if version == newest {
        return Ok(Cow::Borrowed(node));
    }
    let mut node = node.clone();
    for step in steps.iter().skip(version.saturating_sub(1)) {
        step(&mut node);
    }
    if let Node::Object(fields) = &mut node {
        fields.retain(|(name, _)| name != "version");
        let newest = u32::try_from(newest).unwrap_or(u32::MAX);
        fields.push(("version".to_owned(), Node::Number(newest.into())));
    }
    Ok(Cow::Owned(node))
}

/// The version of a document; `None` where that cannot be told, which its reader says.
fn version_of(node: &Node) -> Option<usize> {
    let Node::Object(fields) = node else { return None };
    let mut said = fields.iter().filter(|(name, _)| name == "version").map(|(_, value)| value);
    match (said.next(), said.next()) {
        (None | Some(Node::Null), _) => Some(1),
        (Some(Node::Number(version)), None) => {
            let version = whole_number(*version).filter(|version| *version > 0)?;
            Some(usize::try_from(version).unwrap_or(usize::MAX))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `hosts` is called `names`, then `names` is a list.
    const STEPS: &[Step] = &[
        |node| {
            if let Node::Object(fields) = node {
                for (name, _) in fields.iter_mut().filter(|(name, _)| name == "hosts") {
                    "names".clone_into(name);
                }
            }
        },
        |node| {
            if let Node::Object(fields) = node {
                for (_, value) in fields.iter_mut().filter(|(name, _)| name == "names") {
                    *value = Node::List(vec![value.clone()]);
                }
            }
        },
    ];

    fn brought(text: &str) -> Result<String, String> {
        let node = Node::parse_json(text).unwrap();
        let mut json = String::new();
        match brought_up(&node, STEPS) {
            Ok(node) => {
                node.write_json(&mut json);
                Ok(json)
            }
            Err(found) => Err(found.to_string()),
        }
    }

    #[test]
    fn each_step_is_taken_once_and_none_that_is_not_needed() {
        for (text, expected) in [
            (r#"{"hosts":"a"}"#, r#"{"names":["a"],"version":3}"#),
            (r#"{"version":1,"hosts":"a"}"#, r#"{"names":["a"],"version":3}"#),
            (r#"{"version":null,"hosts":"a"}"#, r#"{"names":["a"],"version":3}"#),
            (
                r#"{"version":2,"hosts":"a","names":"b"}"#,
                r#"{"hosts":"a","names":["b"],"version":3}"#,
            ),
            (r#"{"version":3,"hosts":"a"}"#, r#"{"version":3,"hosts":"a"}"#),
        ] {
            assert_eq!(brought(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_newer_one_is_refused_and_what_is_no_version_is_left_to_the_reader() {
        for version in ["4", "9007199254740992"] {
            let found = brought(&format!(r#"{{"version":{version}}}"#)).unwrap_err();
            assert!(found.contains("which is newer") && found.contains("at most version 3"));
        }
        for text in [
            r#"{"version":"2"}"#,
            r#"{"version":1.5}"#,
            r#"{"version":0}"#,
            r#"{"version":-1}"#,
            r#"{"version":1,"version":2}"#,
            "[]",
            "7",
        ] {
            assert_eq!(brought(text).as_deref(), Ok(text), "{text}");
        }
    }

    #[test]
    fn a_newer_document_is_one_finding() {
        let text = r#"{ "version": 2, "servces": {}, "what": [{ "nobody": "knows" }] }"#;
        let found = crate::compile_json(text).unwrap_err();
        assert_eq!(found.iter().count(), 1, "{found}");
        assert!(found.to_string().contains("a document of version 2, which is newer"), "{found}");
    }
}
