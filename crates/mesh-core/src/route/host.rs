//! Host patterns: exact, `*.below`, any.

use core::cmp::Ordering;

use super::table::{Facts, Host, RouteTable};
use crate::snapshot::{row::Table, sections::Section};

/// Strips a port and one trailing dot. Case is folded while comparing.
#[expect(clippy::manual_contains, reason = "`contains` brings a memchr, 300 bytes of wasm")]
fn bare(host: &[u8]) -> &[u8] {
    let host = match host.iter().rposition(|&byte| byte == b':') {
        // a bracketed IPv6 literal has colons of its own before its bracket
        Some(at) if !host.get(at..).is_some_and(|tail| tail.iter().any(|&byte| byte == b']')) => {
            host.get(..at).unwrap_or(host)
        }
        _ => host,
    };
    host.strip_suffix(b".").unwrap_or(host)
}

fn compare(pattern: &[u8], host: &[u8]) -> Ordering {
    pattern.iter().copied().cmp(host.iter().map(u8::to_ascii_lowercase))
}

/// The row of that pattern among `from..to`, which are sorted.
fn find(table: &RouteTable, mut from: u32, mut to: u32, host: &[u8]) -> Option<Host> {
    let hosts: Table<'_, Host> = table.table(Section::Hosts);
    while from < to {
        let middle = from + (to - from) / 2;
        let row = hosts.get(middle)?;
        match compare(table.text(row.pattern), host) {
            Ordering::Less => from = middle + 1,
            Ordering::Equal => return Some(row),
            Ordering::Greater => to = middle,
        }
    }
    None
}

impl RouteTable {
    /// Calls `visit` with each host row that covers `host`, most specific first, until it answers.
    pub(super) fn for_each_host<T>(
        &self,
        host: &[u8],
        mut visit: impl FnMut(&Host) -> Option<T>,
    ) -> Option<T> {
        let facts = self.table::<Facts>(Section::RouteFacts).view_here(0);
        let exact = facts.map_or(0, |facts| facts.exact_hosts());
        let named = exact.saturating_add(facts.map_or(0, |facts| facts.wildcard_hosts()));
        if named > 0 {
            let host = bare(host);
            if let Some(found) = find(self, 0, exact, host).as_ref().and_then(&mut visit) {
                return Some(found);
            }
            let mut below = host;
            while let Some(at) = below.iter().position(|&byte| byte == b'.') {
                below = below.get(at.saturating_add(1)..).unwrap_or(&[]);
                let row = find(self, exact, named, below);
                if let Some(found) = row.as_ref().and_then(&mut visit) {
                    return Some(found);
                }
            }
        }
        self.table(Section::Hosts).get(named).as_ref().and_then(visit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_trailing_dots_go() {
        for (host, expected) in [
            ("example.com", "example.com"),
            ("example.com:8080", "example.com"),
            ("example.com.", "example.com"),
            ("example.com.:80", "example.com"),
            ("[::1]:8080", "[::1]"),
            ("[::1]", "[::1]"),
            ("", ""),
        ] {
            assert_eq!(bare(host.as_bytes()), expected.as_bytes());
        }
    }
}
