//! Rewrites and redirects: what becomes of a path, and the `Location` of an answer.

use alloc::vec::Vec;

use crate::{
    route::prefix_end,
    snapshot::{
        Snapshot,
        tables::{PathChange, Redirect, Rewrite},
    },
};

/// Writes the path that goes out: the rewritten one, or `path` itself.
///
/// `depth` is how many segments of `path` the matched prefix has. A replaced prefix joins the rest
/// with exactly one slash, as the Gateway API asks: `/foo` → `/xyz` makes `/foo/bar` to
/// `/xyz/bar`, and a replacement of `/` drops the prefix.
pub fn change_path(change: u8, value: &[u8], path: &[u8], depth: u16, out: &mut Vec<u8>) {
    if change == PathChange::Full as u8 {
        out.extend_from_slice(value);
    } else if change == PathChange::Prefix as u8 {
        let rest = path.get(prefix_end(depth, path)..).unwrap_or(&[]);
        let head =
            if rest.starts_with(b"/") { value.strip_suffix(b"/").unwrap_or(value) } else { value };
        out.extend_from_slice(head);
        if !rest.is_empty() && !rest.starts_with(b"/") && !head.ends_with(b"/") {
            out.push(b'/');
        }
        out.extend_from_slice(rest);
    } else {
        out.extend_from_slice(path);
    }
    if out.is_empty() {
        out.push(b'/');
    }
}

/// Writes the path of a rewrite; false where it leaves the path as it is.
pub(crate) fn rewrite_path(
    snapshot: &Snapshot,
    rewrite: &Rewrite,
    path: &[u8],
    depth: u16,
    out: &mut Vec<u8>,
) -> bool {
    if rewrite.path == PathChange::Keep as u8 {
        return false;
    }
    change_path(rewrite.path, snapshot.text(rewrite.value), path, depth, out);
    true
}

/// The parts of the request that a redirect keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    pub(crate) https: bool,
    pub(crate) host: &'a [u8],
    pub(crate) path: &'a [u8],
    pub(crate) query: &'a [u8],
    pub(crate) depth: u16,
}

/// Writes the absolute `Location` of a redirect.
///
/// The port: the redirect's own; else none where the redirect names a scheme; else the request's.
/// A scheme's well-known port is left out.
pub(crate) fn location(
    snapshot: &Snapshot,
    redirect: &Redirect,
    from: &Origin<'_>,
    out: &mut Vec<u8>,
) {
    let scheme = match snapshot.text(redirect.scheme) {
        b"" if from.https => &b"https"[..],
        b"" => b"http",
        scheme => scheme,
    };
    out.extend_from_slice(scheme);
    out.extend_from_slice(b"://");
    let (request_host, request_port) = split_port(from.host);
    let host = snapshot.text(redirect.host);
    out.extend_from_slice(if host.is_empty() { request_host } else { host });
    let well_known: u16 = if scheme == b"https" { 443 } else { 80 };
    let port = match redirect.port {
        0 if redirect.scheme.len > 0 => well_known,
        0 => request_port.unwrap_or(well_known),
        port => port,
    };
    if port != well_known {
        out.push(b':');
        push_decimal(port, out);
    }
    change_path(redirect.path, snapshot.text(redirect.value), from.path, from.depth, out);
    if !from.query.is_empty() {
        out.push(b'?');
        out.extend_from_slice(from.query);
    }
}

fn split_port(host: &[u8]) -> (&[u8], Option<u16>) {
    let Some(at) = host.iter().rposition(|&byte| byte == b':') else { return (host, None) };
    let digits = host.get(at.saturating_add(1)..).unwrap_or(&[]);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return (host, None);
    }
    let port = digits
        .iter()
        .fold(0u32, |port, &digit| port.saturating_mul(10).saturating_add(u32::from(digit & 15)));
    (host.get(..at).unwrap_or(host), u16::try_from(port).ok())
}

fn push_decimal(number: u16, out: &mut Vec<u8>) {
    let mut divisor = 10_000u16;
    while divisor > 1 && number < divisor {
        divisor /= 10;
    }
    while divisor > 0 {
        out.push(b'0' | u8::try_from(number / divisor % 10).unwrap_or(0));
        divisor /= 10;
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;
    use crate::snapshot::draft::SnapshotDraft;

    #[test]
    fn replaced_prefixes_join_with_one_slash() {
        for (path, prefix, value, expected) in [
            ("/foo/bar", "/foo", "/xyz", "/xyz/bar"),
            ("/foo/bar", "/foo", "/xyz/", "/xyz/bar"),
            ("/foo", "/foo", "/xyz", "/xyz"),
            ("/foo/", "/foo", "/xyz", "/xyz/"),
            ("/foo/bar", "/foo", "/", "/bar"),
            ("/foo/bar", "/foo", "", "/bar"),
            ("/foo", "/foo", "/", "/"),
            ("/foo", "/foo", "", "/"),
            ("/foo/", "/foo", "/", "/"),
            ("/foo", "", "/xyz", "/xyz/foo"),
        ] {
            let mut out = Vec::new();
            change_path(
                PathChange::Prefix as u8,
                value.as_bytes(),
                path.as_bytes(),
                u16::try_from(prefix.split('/').skip(1).count()).unwrap(),
                &mut out,
            );
            assert_eq!(String::from_utf8(out).as_deref(), Ok(expected), "{path} {value}");
        }
    }

    #[test]
    fn ports_are_written_and_left_out() {
        let mut draft = SnapshotDraft::default();
        let (scheme, host) = (draft.text("https"), draft.text("example.org"));
        let snapshot = Snapshot::decode(&draft.encode()).unwrap();
        let plain = Redirect { status: 302, ..Redirect::default() };
        for (redirect, from_host, expected) in [
            (plain, "a.com", "http://a.com/p?q=1"),
            (plain, "a.com:8080", "http://a.com:8080/p?q=1"),
            (Redirect { scheme, ..plain }, "a.com:8080", "https://a.com/p?q=1"),
            (Redirect { port: 8_443, scheme, ..plain }, "a.com", "https://a.com:8443/p?q=1"),
            (Redirect { port: 80, ..plain }, "a.com:8080", "http://a.com/p?q=1"),
            (Redirect { host, ..plain }, "a.com:81", "http://example.org:81/p?q=1"),
        ] {
            let from = Origin {
                https: false,
                host: from_host.as_bytes(),
                path: b"/p",
                query: b"q=1",
                depth: 0,
            };
            let mut out = Vec::new();
            location(&snapshot, &redirect, &from, &mut out);
            assert_eq!(String::from_utf8(out).as_deref(), Ok(expected));
        }
    }
}
