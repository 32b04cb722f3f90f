//! Overriding parts of a document by environment variables: `MESH__SERVICES__USER_SERVICE__TIMEOUT=2000`
//! sets `services.user-service.timeout`.
//!
//! A variable's name is a path: words between double underscores. A word is compared without case,
//! `_` and `-`. Where nothing of that name is there yet, it is a field in camel case; a service has to
//! be there. An item of a list is meant by its number, or by its `name`.

use alloc::collections::BTreeMap;

use serde::Serialize;

use crate::{
    decode::{push_field, push_item},
    diagnostic::{Code, Diagnostic, Diagnostics},
    nearest::nearest,
    node::Node,
};

/// What the name of every such variable begins with.
pub const PREFIX: &str = "MESH__";

/// A part of a document that a variable set.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[non_exhaustive]
pub struct Override {
    /// The variable.
    pub variable: String,
    /// Where in the document.
    pub path: String,
}

/// Sets what the variables say, in the order of their names; other variables are passed by. What was
/// set, in that order.
///
/// ```
/// use mesh_config::{node::Node, overrides};
///
/// let service = Node::Object(vec![("timeout".into(), Node::Number(500.0))]);
/// let services = Node::Object(vec![("user-service".into(), service)]);
/// let mut document = Node::Object(vec![("services".into(), services)]);
/// let variable = ("MESH__SERVICES__USER_SERVICE__TIMEOUT".into(), Node::Number(2000.0));
/// let set = overrides::apply(&mut document, &[variable].into())?;
/// assert_eq!(set[0].path, "services.user-service.timeout");
/// # Ok::<(), mesh_config::diagnostic::Diagnostics>(())
/// ```
///
/// # Errors
/// All variables that lead nowhere; then the document is as it was. Whether a value fits shows when
/// the document is read.
pub fn apply(
    document: &mut Node,
    variables: &BTreeMap<String, Node>,
) -> Result<Vec<Override>, Diagnostics> {
    let mut changed = document.clone();
    let (mut set, mut found) = (Vec::new(), Diagnostics::default());
    for (variable, value) in variables {
        let Some(words) = variable.strip_prefix(PREFIX) else { continue };
        let words: Vec<&str> = words.split("__").collect();
        let mut path = String::new();
        match set_at(&mut changed, &words, value, &mut path) {
            Ok(()) => set.push(Override { variable: variable.clone(), path }),
            Err((why, expected)) => {
                let what = format!("the variable {variable}: {why}");
                found.push(Diagnostic::error(Code::UnknownField, &path, &what, &expected));
            }
        }
    }
    if found.errors() > 0 {
        return Err(found);
    }
    *document = changed;
    Ok(set)
}

/// Why a variable leads nowhere, and what was expected.
type Nowhere = (String, String);

fn set_at(node: &mut Node, words: &[&str], value: &Node, path: &mut String) -> Result<(), Nowhere> {
    let Some((word, rest)) = words.split_first() else {
        *node = value.clone();
        return Ok(());
    };
    if word.is_empty() || !word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        let expected = "words of letters, digits and single underscores between double ones";
        return Err((format!("the word {word:?} of its name"), expected.to_owned()));
    }
    match node {
        Node::Object(fields) => set_at(field(fields, word, path)?, rest, value, path),
        Node::List(items) => set_at(item(items, word, path)?, rest, value, path),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::Refused(_) => {
            let expected = "a path through objects and lists; set the whole value in its place";
            Err((format!("{} has no `{word}`", node.describe()), expected.to_owned()))
        }
    }
}

fn field<'n>(
    fields: &'n mut Vec<(String, Node)>,
    word: &str,
    path: &mut String,
) -> Result<&'n mut Node, Nowhere> {
    let at = match fields.iter().position(|(name, _)| is_same(name, word)) {
        Some(at) => at,
        None if path == "services" => {
            let near = nearest(word, fields.iter().map(|(name, _)| name.as_str()));
            let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let expected = format!("one of the services{hint}");
            return Err((format!("there is no service `{word}`"), expected));
        }
        None => {
            fields.push((camel_case(word), Node::Object(Vec::new())));
            fields.len().saturating_sub(1)
        }
    };
    let (name, node) = fields.get_mut(at).ok_or_else(|| (word.to_owned(), String::new()))?;
    push_field(path, name);
    if *node == Node::Null {
        *node = Node::Object(Vec::new());
    }
    Ok(node)
}

fn item<'n>(items: &'n mut [Node], word: &str, path: &mut String) -> Result<&'n mut Node, Nowhere> {
    let named = |node: &Node| {
        let Node::Object(fields) = node else { return false };
        fields.iter().any(|(field, value)| {
            field == "name" && matches!(value, Node::Text(name) if is_same(name, word))
        })
    };
    let at = word.parse().ok().or_else(|| items.iter().position(named));
    let count = items.len();
    match at.and_then(|at: usize| Some((at, items.get_mut(at)?))) {
        Some((at, node)) => {
            push_item(path, at);
            Ok(node)
        }
        None => {
            let expected = format!("a number below {count}, or the `name` of an item");
            Err((format!("there is no item `{word}`"), expected))
        }
    }
}

/// The same letters and digits, whatever the case and what is between them.
fn is_same(name: &str, word: &str) -> bool {
    fn plain(text: &str) -> impl Iterator<Item = char> + '_ {
        text.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase)
    }
    plain(name).eq(plain(word))
}

fn camel_case(word: &str) -> String {
    let mut name = String::with_capacity(word.len());
    for (number, part) in word.split('_').enumerate() {
        let lower = part.to_ascii_lowercase();
        let mut letters = lower.chars();
        match letters.next() {
            Some(first) if number > 0 => name.push(first.to_ascii_uppercase()),
            Some(first) => name.push(first),
            None => {}
        }
        name.push_str(letters.as_str());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Node {
        Node::Text(text.to_owned())
    }

    fn object(fields: &[(&str, Node)]) -> Node {
        Node::Object(fields.iter().map(|(name, node)| ((*name).to_owned(), node.clone())).collect())
    }

    fn document() -> Node {
        let users = object(&[("timeout", Node::Number(500.0)), ("loadBalancer", text("p2c"))]);
        let rules =
            Node::List(vec![object(&[("name", text("check-out")), ("service", text("a"))])]);
        object(&[
            ("services", object(&[("user-service", users), ("a", Node::Null)])),
            ("routing", object(&[("rules", rules)])),
        ])
    }

    fn applied(variables: &[(&str, Node)]) -> (Node, Vec<String>) {
        let mut document = document();
        let variables = variables.iter().map(|(name, node)| ((*name).to_owned(), node.clone()));
        let set = match apply(&mut document, &variables.collect()) {
            Ok(set) => set.into_iter().map(|set| set.path).collect(),
            Err(found) => found.iter().map(|found| found.message.clone()).collect(),
        };
        (document, set)
    }

    #[test]
    fn a_name_is_a_path_to_what_is_there_or_to_a_new_field() {
        for (variable, path) in [
            ("MESH__SERVICES__USER_SERVICE__TIMEOUT", "services.user-service.timeout"),
            ("MESH__services__UserService__load_balancer", "services.user-service.loadBalancer"),
            ("MESH__SERVICES__A__MIN_READY", "services.a.minReady"),
            (
                "MESH__DEFAULTS__RETRIES__BUDGET__MIN_PER_SECOND",
                "defaults.retries.budget.minPerSecond",
            ),
            ("MESH__ROUTING__RULES__0__SERVICE", "routing.rules[0].service"),
            ("MESH__ROUTING__RULES__CHECK_OUT__TIMEOUT", "routing.rules[0].timeout"),
        ] {
            let (document, set) = applied(&[(variable, text("new"))]);
            assert_eq!(set, [path]);
            assert_ne!(document, self::document());
        }
        assert_eq!(applied(&[("MESHED", text("x")), ("PATH", text("x"))]), (document(), vec![]));
    }

    #[test]
    fn what_leads_nowhere_is_told_and_changes_nothing() {
        for (variable, expected) in [
            ("MESH__SERVICES__USERS_SERVICE__TIMEOUT", "did you mean `user-service`?"),
            ("MESH__SERVICES__USER_SERVICE__TIMEOUT__ATTEMPT", "the number 500 has no `ATTEMPT`"),
            ("MESH__ROUTING__RULES__7__SERVICE", "a number below 1"),
            ("MESH____TIMEOUT", "the word \"\""),
            ("MESH__A.B", "the word \"A.B\""),
        ] {
            let good = ("MESH__NAME", text("shop"));
            let (document, found) = applied(&[(variable, text("x")), good]);
            assert_eq!(document, self::document());
            assert!(found[0].contains(expected) && found[0].contains(variable), "{found:?}");
        }
    }
}
