//! The value of a key in a request: what tells callers apart.

use mesh_core::route::condition::{cookie_value, query_value};

use super::reason::Asked;
use crate::{
    compile::host_header,
    document::{HashKey, HashOn, HashSource},
};

/// The value, as the data plane would find it; `None` where the request has none.
pub(super) fn value(on: &HashOn, asked: &Asked<'_>) -> Option<String> {
    let request = asked.request;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match on {
        HashOn::Source(HashSource::Path) => Some(asked.path.to_owned()),
        HashOn::Source(source) => request.header(host_header(*source)),
        HashOn::Key(HashKey::Header(name)) => request.header(name.as_str()),
        HashOn::Key(HashKey::Cookie(name)) => {
            let cookies = request.header("cookie")?;
            cookie_value(cookies.as_bytes(), name.as_str().as_bytes()).map(text)
        }
        HashOn::Key(HashKey::Query(name)) => {
            query_value(request.parts().query.as_bytes(), name.as_str().as_bytes()).map(text)
        }
    }
}

/// A key in words.
pub(super) fn name(on: &HashOn) -> String {
    match on {
        HashOn::Source(source) => source.name().to_owned(),
        HashOn::Key(HashKey::Header(name)) => format!("header {name}"),
        HashOn::Key(HashKey::Cookie(name)) => format!("cookie {name}"),
        HashOn::Key(HashKey::Query(name)) => format!("query {name}"),
    }
}
