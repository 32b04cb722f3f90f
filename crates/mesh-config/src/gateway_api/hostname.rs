//! Hostnames of listeners and routes.

/// What a listener and a route have in common.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Hosts {
    /// Neither says anything: every host.
    Any,
    /// These; none where listener and route exclude each other.
    Only(Vec<String>),
}

/// The hosts of a route that is attached to a listener of that hostname.
///
/// A `*.` stands for one or more labels in front. Of two that overlap the narrower one is kept.
pub(super) fn common(listener: Option<&str>, route: &[String]) -> Hosts {
    let listener = listener.filter(|host| !host.is_empty()).map(str::to_ascii_lowercase);
    match (listener, route) {
        (None, []) => Hosts::Any,
        (Some(listener), []) => Hosts::Only(vec![listener]),
        (None, route) => Hosts::Only(route.iter().map(|host| host.to_ascii_lowercase()).collect()),
        (Some(listener), route) => {
            let narrower = route.iter().filter_map(|host| narrower(&listener, host)).collect();
            Hosts::Only(narrower)
        }
    }
}

impl Hosts {
    /// These hosts but for those that lie within one of `inner`.
    pub(super) fn without<'h>(self, inner: impl Iterator<Item = &'h String> + Clone) -> Self {
        match self {
            Self::Any => Self::Any,
            Self::Only(mut list) => {
                list.retain(|host| !inner.clone().any(|inner| covers(inner, host)));
                Self::Only(list)
            }
        }
    }

    /// True where there are none.
    pub(super) const fn is_none(&self) -> bool {
        matches!(self, Self::Only(list) if list.is_empty())
    }
}

/// The narrower of two patterns, where one covers the other.
fn narrower(listener: &str, route: &str) -> Option<String> {
    let route = route.to_ascii_lowercase();
    if covers(listener, &route) {
        return Some(route);
    }
    covers(&route, listener).then(|| listener.to_owned())
}

/// True where every host that `inner` stands for is one that `outer` stands for.
pub(super) fn covers(outer: &str, inner: &str) -> bool {
    if outer == inner {
        return true;
    }
    let Some(below) = outer.strip_prefix('*').filter(|below| below.starts_with('.')) else {
        return false;
    };
    let inner = inner.strip_prefix('*').unwrap_or(inner);
    // `*.example.com` takes no `.example.com` itself: a label must stand in front of it, except
    // where the inner one is a wildcard too, whose star brings the label
    inner.len() > below.len() && inner.ends_with(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrower_of_two_hostnames_is_kept() {
        for (listener, route, expected) in [
            ("very.specific.com", "very.specific.com", Some("very.specific.com")),
            ("very.specific.com", "*.specific.com", Some("very.specific.com")),
            ("*.wildcard.io", "foo.wildcard.io", Some("foo.wildcard.io")),
            ("*.wildcard.io", "foo.bar.wildcard.io", Some("foo.bar.wildcard.io")),
            ("*.wildcard.io", "*.wildcard.io", Some("*.wildcard.io")),
            ("*.wildcard.io", "*.foo.wildcard.io", Some("*.foo.wildcard.io")),
            ("*.anotherwildcard.io", "*.io", Some("*.anotherwildcard.io")),
            ("*.wildcard.io", "wildcard.io", None),
            ("*.wildcard.io", "foo.notwildcard.io", None),
            ("very.specific.com", "non.matching.com", None),
            ("very.specific.com", "specific.com", None),
            ("Very.Specific.com", "very.SPECIFIC.com", Some("very.specific.com")),
        ] {
            let found = common(Some(listener), &[route.to_owned()]);
            let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
            assert_eq!(found, Hosts::Only(expected), "{listener} {route}");
        }
    }

    #[test]
    fn what_lies_within_another_listener_is_left_to_it() {
        let list = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let all = Hosts::Only(list("*.com *.a.com b.a.com a.com c.org"));
        for (inner, expected) in [
            ("*.a.com", "*.com a.com c.org"),
            ("b.a.com c.org", "*.com *.a.com a.com"),
            ("x.org", "*.com *.a.com b.a.com a.com c.org"),
        ] {
            let found = all.clone().without(list(inner).iter());
            assert_eq!(found, Hosts::Only(list(expected)), "{inner}");
        }
        assert!(all.without(list("*.com *.org").iter()).is_none());
        assert_eq!(Hosts::Any.without(list("*.com").iter()), Hosts::Any);
    }

    #[test]
    fn who_says_nothing_takes_what_the_other_says() {
        assert_eq!(common(None, &[]), Hosts::Any);
        assert_eq!(common(Some(""), &[]), Hosts::Any);
        assert_eq!(common(Some("a.com"), &[]), Hosts::Only(vec!["a.com".to_owned()]));
        let route = ["A.com".to_owned()];
        assert_eq!(common(None, &route), Hosts::Only(vec!["a.com".to_owned()]));
    }
}
