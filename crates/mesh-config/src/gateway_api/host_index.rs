//! Hosts with what holds them, found without looking at all of them.

use alloc::collections::BTreeMap;
use core::ops::Bound;

use super::hostname::Hosts;

/// Hosts, wildcards, or every host; the first to hold one keeps it.
///
/// Hosts are kept backwards: what lies below a wildcard then begins with it.
#[derive(Clone, Debug, Default)]
pub(super) struct HostIndex {
    any: Option<String>,
    exact: BTreeMap<String, String>,
    /// `*.example.com` as `moc.elpmaxe.`.
    wildcards: BTreeMap<String, String>,
}

impl HostIndex {
    pub(super) fn insert(&mut self, hosts: &Hosts, holder: &str) {
        let Hosts::Only(list) = hosts else {
            self.any.get_or_insert_with(|| holder.to_owned());
            return;
        };
        for host in list {
            let (map, key) = match host.strip_prefix('*') {
                Some(below) => (&mut self.wildcards, backwards(below)),
                None => (&mut self.exact, backwards(host)),
            };
            map.entry(key).or_insert_with(|| holder.to_owned());
        }
    }

    /// Who holds a host that one of these stands for too.
    pub(super) fn holder(&self, hosts: &Hosts) -> Option<&str> {
        let found = self.any.as_ref().or_else(|| match hosts {
            Hosts::Any => self.exact.values().chain(self.wildcards.values()).next(),
            Hosts::Only(list) => list.iter().find_map(|host| self.holder_of(host)),
        });
        found.map(String::as_str)
    }

    fn holder_of(&self, host: &str) -> Option<&String> {
        let Some(below) = host.strip_prefix('*') else {
            let host = backwards(host);
            return self.exact.get(&host).or_else(|| self.above(&host));
        };
        let below = backwards(below);
        self.above(&below)
            .or_else(|| first_within(&self.wildcards, &below))
            .or_else(|| first_within(&self.exact, &below))
    }

    /// The wildcard that a host, or another wildcard, lies below.
    fn above(&self, host: &str) -> Option<&String> {
        let dots = host.match_indices('.');
        let mut outer = dots.filter_map(|(at, dot)| host.get(..at.saturating_add(dot.len())));
        outer.find_map(|outer| self.wildcards.get(outer))
    }
}

fn first_within<'m>(map: &'m BTreeMap<String, String>, below: &str) -> Option<&'m String> {
    let mut from = map.range::<str, _>((Bound::Included(below), Bound::Unbounded));
    from.next().filter(|(host, _)| host.starts_with(below)).map(|(_, holder)| holder)
}

fn backwards(host: &str) -> String {
    host.chars().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> Hosts {
        match text {
            "" => Hosts::Any,
            list => Hosts::Only(list.split(' ').map(str::to_owned).collect()),
        }
    }

    #[test]
    fn what_two_have_in_common_is_found() {
        for (held, asked, expected) in [
            ("a.com", "a.com", true),
            ("a.com", "b.com", false),
            ("a.com", "x.a.com", false),
            ("*.com", "a.com", true),
            ("*.com", "b.a.com", true),
            ("*.a.com", "a.com", false),
            ("*.a.com", "xa.com", false),
            ("x.a.com", "*.com", true),
            ("x.a.com", "*.a.com", true),
            ("a.com", "*.a.com", false),
            ("xa.com", "*.a.com", false),
            ("*.a.com", "*.com", true),
            ("*.com", "*.a.com", true),
            ("*.a.com", "*.a.com", true),
            ("*.a.com", "*.b.com", false),
            ("", "a.com", true),
            ("a.com", "", true),
            ("*.com", "", true),
            ("a.com c.com", "b.com *.org c.com", true),
        ] {
            let mut index = HostIndex::default();
            assert_eq!(index.holder(&hosts(asked)), None);
            index.insert(&hosts(held), "first");
            index.insert(&hosts(held), "second");
            assert_eq!(index.holder(&hosts(asked)).is_some(), expected, "{held} {asked}");
            assert_ne!(index.holder(&hosts(asked)), Some("second"), "{held} {asked}");
        }
    }
}
