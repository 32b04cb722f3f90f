//! Where a decoder stands in the document, and what it found so far.

use crate::{
    decode::text::ParseError,
    diagnostic::{Code, Diagnostic, Diagnostics},
    node::{Node, excerpt},
};

/// The path of the current value, and the findings.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    path: String,
    pub(crate) diagnostics: Diagnostics,
    /// Findings of an earlier pass: where they have an error, nothing more is said.
    earlier: Diagnostics,
}

impl Cursor {
    /// A cursor for a further pass over a document.
    pub(crate) fn after(earlier: Diagnostics) -> Self {
        Self { path: String::new(), diagnostics: earlier.clone(), earlier }
    }

    /// Where it stands.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Runs `read` at field `name` of the current value.
    pub(crate) fn at_field<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.enter_field(name);
        let out = read(self);
        self.leave(outer);
        out
    }

    /// Runs `read` at item `index` of the current value.
    pub(crate) fn at_item<T>(&mut self, index: usize, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.enter_item(index);
        let out = read(self);
        self.leave(outer);
        out
    }

    // these are apart, and not inlined, because the two above are made anew for each type

    #[inline(never)]
    fn enter_field(&mut self, name: &str) -> usize {
        let outer = self.path.len();
        push_field(&mut self.path, name);
        outer
    }

    #[inline(never)]
    fn enter_item(&mut self, index: usize) -> usize {
        let outer = self.path.len();
        push_item(&mut self.path, index);
        outer
    }

    #[inline(never)]
    fn leave(&mut self, outer: usize) {
        self.path.truncate(outer);
    }

    /// Notes an error here.
    #[inline(never)]
    pub(crate) fn error(&mut self, code: Code, found: &str, expected: &str) {
        self.note(Diagnostic::error(code, &self.path, found, expected));
    }

    /// Notes an error here, with what to write instead.
    #[inline(never)]
    pub(crate) fn error_with_hint(
        &mut self,
        code: Code,
        found: &str,
        expected: &str,
        hint: Option<String>,
    ) {
        let diagnostic = Diagnostic::error(code, &self.path, found, expected);
        self.note(match hint {
            Some(hint) => diagnostic.with_hint(hint),
            None => diagnostic,
        });
    }

    /// Notes an error here that contradicts another place.
    pub(crate) fn error_against(&mut self, code: Code, found: &str, expected: &str, other: &str) {
        self.note(Diagnostic::error(code, &self.path, found, expected).with_related(other));
    }

    /// Notes a doubt here.
    pub(crate) fn warning(&mut self, code: Code, found: &str, expected: &str) {
        self.note(Diagnostic::warning(code, &self.path, found, expected));
    }

    /// Notes a finding, unless an earlier pass could not read its place.
    pub(crate) fn note(&mut self, diagnostic: Diagnostic) {
        if !self.earlier.covers(&diagnostic.path) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Notes that a text here is not of its kind.
    pub(crate) fn parse_error(&mut self, node: &Node, error: &ParseError) {
        let found = match error.found() {
            Some(found) => found.to_owned(),
            None => node.describe(),
        };
        self.error_with_hint(error.code(), &found, error.expected(), error.hint());
    }

    /// Notes each field that comes twice.
    #[inline(never)]
    pub(crate) fn duplicates(&mut self, fields: &[(String, Node)]) {
        let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let mut last = None;
        for (name, next) in names.iter().zip(names.iter().skip(1)) {
            if name == next && last != Some(name) {
                last = Some(name);
                let found = format!("the field `{}` more than once", excerpt(name));
                self.at_field(name, |at| at.error(Code::DuplicateKey, &found, "it once"));
            }
        }
    }
}

/// Appends a field to a path: `.name`, or `["odd name"]`.
pub(crate) fn push_field(path: &mut String, name: &str) {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$');
    if !name.is_empty() && name.chars().all(plain) {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&excerpt(name));
    } else {
        path.push_str("[\"");
        path.push_str(&excerpt(name));
        path.push_str("\"]");
    }
}

/// Appends an item to a path: `[3]`.
pub(crate) fn push_item(path: &mut String, index: usize) {
    path.push('[');
    path.push_str(&index.to_string());
    path.push(']');
}
