//! A request that is made up.

use crate::{
    explain::{ExplainRequest, RequestHeaders},
    node::excerpt,
};

/// A request that is made up. Its path is in normal form.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// Empty = none.
    pub(super) host: String,
    pub(super) path: String,
    pub(super) method: &'static str,
    pub(super) headers: Vec<(String, String)>,
    pub(super) query: Vec<(String, String)>,
}

impl Draft {
    pub(super) fn request(&self) -> ExplainRequest {
        let scheme = if self.host.is_empty() { "" } else { "https://" };
        let pairs = self.headers.iter().map(|(name, value)| vec![name.clone(), value.clone()]);
        ExplainRequest {
            url: format!("{scheme}{}", self.target()),
            method: Some(self.method.to_owned()),
            headers: Some(RequestHeaders::Pairs(pairs.collect())),
            ..ExplainRequest::default()
        }
    }

    /// The request in a few words: `GET shop.example.com/users?q=1 (x-beta: 1)`.
    pub(super) fn title(&self) -> String {
        let headers: Vec<String> = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", excerpt(value)))
            .collect();
        let headers =
            if headers.is_empty() { String::new() } else { format!(" ({})", headers.join(", ")) };
        format!("{} {}{headers}", self.method, self.target())
    }

    /// Host, path and query.
    fn target(&self) -> String {
        let pairs: Vec<String> = self
            .query
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
        format!("{}{}{query}", self.host, self.path)
    }
}

/// A name or value as a query writes it.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
