//! The ways into a document: from a node tree, or from JSON text.

use crate::{
    decode::{Cursor, Decode},
    diagnostic::Diagnostics,
    document::Document,
    migrate,
    node::Node,
};

impl Document {
    /// Reads a document from a node tree.
    ///
    /// # Errors
    /// All that is wrong with its shape, in one go. What only shows when the parts are put together
    /// (a rule that names an unknown service) shows in [`crate::compile_node`].
    pub fn decode(node: &Node) -> Result<Self, Diagnostics> {
        let (document, diagnostics) = Self::decode_what_is_there(node);
        document.filter(|_| diagnostics.errors() == 0).ok_or(diagnostics)
    }

    /// Reads what can be read, and what is wrong with the rest.
    pub(crate) fn decode_what_is_there(node: &Node) -> (Option<Self>, Diagnostics) {
        let node = match migrate::current(node) {
            Ok(node) => node,
            Err(found) => return (None, found),
        };
        let mut at = Cursor::default();
        let document = <Self as Decode>::decode(&node, &mut at);
        (document, at.diagnostics)
    }

    /// Reads a document from JSON text.
    ///
    /// # Errors
    /// As [`Document::decode`]; or where the text is no JSON, the one place where it stops being so.
    #[cfg(feature = "json")]
    pub fn parse_json(text: &str) -> Result<Self, Diagnostics> {
        Self::decode(&Node::parse_json(text)?)
    }
}

#[cfg(feature = "json")]
impl Node {
    /// Reads a node tree from JSON text.
    ///
    /// # Errors
    /// Where the text is no JSON, with line and column; or is too large.
    pub fn parse_json(text: &str) -> Result<Self, Diagnostics> {
        use crate::diagnostic::{Code, Diagnostic};

        let refuse = |code: Code, found: &str, expected: &str| {
            let mut diagnostics = Diagnostics::default();
            diagnostics.push(Diagnostic::error(code, "", found, expected));
            diagnostics
        };
        if text.len() > crate::limits::DOCUMENT_BYTES_MAX {
            return Err(refuse(Code::TooLarge, "a document above 8 MiB", "a smaller one"));
        }
        serde_json::from_str(text).map_err(|error| refuse(Code::Syntax, &error.to_string(), "JSON"))
    }
}
