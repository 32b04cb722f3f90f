//! Host patterns: exact, `*.below`, any.

use core::cmp::Ordering;

use super::table::{Host, RouteTable};

/// Strips a port and one trailing dot. Case is folded while comparing.
fn bare(host: &[u8]) -> &[u8] {
    let host = match host.iter().rposition(|&byte| byte == b':') {
        // a bracketed IPv6 literal has colons of its own before its bracket
        Some(at) if !host.get(at..).is_some_and(|tail| tail.contains(&b']')) => {
            host.get(..at).unwrap_or(host)
        }
        _ => host,
    };
    host.strip_suffix(b".").unwrap_or(host)
}

fn compare(pattern: &[u8], host: &[u8]) -> Ordering {
    pattern.iter().copied().cmp(host.iter().map(u8::to_ascii_lowercase))
}

fn find<'t>(table: &RouteTable, hosts: &'t [Host], host: &[u8]) -> Option<&'t Host> {
    let at = hosts.binary_search_by(|row| compare(table.text(row.pattern), host)).ok()?;
    hosts.get(at)
}

impl RouteTable {
    /// Calls `visit` with each host row that covers `host`, most specific first, until it answers.
    pub(super) fn for_each_host<T>(
        &self,
        host: &[u8],
        mut visit: impl FnMut(&Host) -> Option<T>,
    ) -> Option<T> {
        let exact_count = usize::try_from(self.exact_hosts).unwrap_or(0);
        let (exact, rest) = self.hosts.split_at_checked(exact_count)?;
        let wildcard_count = usize::try_from(self.wildcard_hosts).unwrap_or(0);
        let (wildcards, any) = rest.split_at_checked(wildcard_count)?;
        if !exact.is_empty() || !wildcards.is_empty() {
            let host = bare(host);
            if let Some(found) = find(self, exact, host).and_then(&mut visit) {
                return Some(found);
            }
            let mut below = host;
            while let Some(at) = below.iter().position(|&byte| byte == b'.') {
                below = below.get(at.saturating_add(1)..).unwrap_or(&[]);
                if let Some(found) = find(self, wildcards, below).and_then(&mut visit) {
                    return Some(found);
                }
            }
        }
        any.first().and_then(visit)
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
