//! Precedence by table, and the walk against a naive reference.

use alloc::{format, string::String, vec, vec::Vec};

use proptest::prelude::*;

use super::{
    builder::{ConditionSpec, PathSpec, ValueSpec},
    table::{Edge, Host, Node},
    *,
};
use crate::{
    method::MethodSet,
    path::normalize,
    snapshot::tables::{NONE, Text},
};

struct Spec {
    host: &'static str,
    path: &'static str,
    methods: MethodSet,
    headers: Vec<(&'static str, &'static str)>,
    query: Vec<(&'static str, &'static str)>,
}

fn spec(path: &'static str) -> Spec {
    Spec { host: "", path, methods: MethodSet::NONE, headers: vec![], query: vec![] }
}

fn conditions<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<ConditionSpec<'a>> {
    pairs
        .iter()
        .map(|&(name, value)| ConditionSpec { name, value: ValueSpec::Exact(value) })
        .collect()
}

fn table(specs: &[Spec]) -> RouteTable {
    let mut builder = RouteTableBuilder::new();
    for (target, spec) in specs.iter().enumerate() {
        let path = PathTemplate::parse(PathKind::Template, spec.path.as_bytes()).unwrap();
        builder
            .add(&MatchSpec {
                host: spec.host,
                path: PathSpec::Template(path),
                methods: spec.methods,
                headers: conditions(&spec.headers),
                query: conditions(&spec.query),
                target: target as u32,
            })
            .unwrap();
    }
    builder.finish().into_table()
}

fn find(table: &RouteTable, method: Method, url: &str, headers: &[(&str, &str)]) -> Option<u32> {
    let (host, path) = url.find('/').map_or((url, ""), |at| url.split_at(at));
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut scratch = Vec::new();
    let path = normalize(path.as_bytes(), &mut scratch).unwrap();
    let values: Vec<Option<&[u8]>> = table
        .headers()
        .map(|name| headers.iter().find(|(n, _)| n.as_bytes() == name).map(|(_, v)| v.as_bytes()))
        .collect();
    let head = RequestHead {
        host: host.as_bytes(),
        path,
        query: query.as_bytes(),
        method,
        headers: &values,
    };
    table.find(&head).map(|found| found.target)
}

#[test]
fn exact_beats_template_beats_longest_prefix() {
    let table = table(&[
        spec("/*"),
        spec("/users/*"),
        spec("/users/{id}"),
        spec("/users/me"),
        spec("/users/{id}/posts/*"),
        spec("/users/me/*"),
        spec("/users/"),
    ]);
    for (path, expected) in [
        ("/", 0),
        ("/other", 0),
        ("/users", 1),
        ("/users/", 6),
        ("/users/me", 3),
        ("/users/meow", 2),
        ("/users/me/x", 5),
        ("/users/me/posts/1", 4),
        ("/users/7/posts", 4),
        ("/users/7/x", 1),
        ("//users//me", 3),
        ("/users/%6De", 3),
    ] {
        assert_eq!(find(&table, Method::Get, path, &[]), Some(expected), "{path}");
    }
}

#[test]
fn a_prefix_takes_whole_segments() {
    let table = table(&[spec("/api/*")]);
    for (path, expected) in
        [("/api", true), ("/api/", true), ("/api/x", true), ("/apix", false), ("/ap", false)]
    {
        assert_eq!(find(&table, Method::Get, path, &[]).is_some(), expected, "{path}");
    }
}

#[test]
fn a_parameter_takes_one_non_empty_segment() {
    let table = table(&[spec("/a/{b}")]);
    assert_eq!(find(&table, Method::Get, "/a/x", &[]), Some(0));
    assert_eq!(find(&table, Method::Get, "/a/", &[]), None);
    assert_eq!(find(&table, Method::Get, "/a/x/", &[]), None);
    assert_eq!(find(&table, Method::Get, "/a/x%2Fy", &[]), Some(0));
}

#[test]
fn among_equal_paths_method_headers_query_then_order() {
    let mut specs = vec![spec("/p"), spec("/p"), spec("/p"), spec("/p"), spec("/p"), spec("/p")];
    specs[1].methods = Method::Get.bit();
    specs[2].headers = vec![("a", "1")];
    specs[3].headers = vec![("a", "1"), ("b", "2")];
    specs[4].query = vec![("q", "x y")];
    let table = table(&specs);
    let post = Method::Post;
    assert_eq!(find(&table, Method::Get, "/p", &[("a", "1")]), Some(1));
    assert_eq!(find(&table, post, "/p", &[("a", "1")]), Some(2));
    assert_eq!(find(&table, post, "/p?q=x+y", &[("a", "1"), ("b", "2")]), Some(3));
    assert_eq!(find(&table, post, "/p?q=x%20y", &[]), Some(4));
    assert_eq!(find(&table, post, "/p?q=z", &[("a", "2")]), Some(0));
}

#[test]
fn the_most_specific_host_goes_first_and_misses_fall_through() {
    let hosts = ["", "*.example.com", "*.a.example.com", "x.a.example.com"];
    let mut specs: Vec<Spec> = hosts.iter().map(|host| Spec { host, ..spec("/p") }).collect();
    specs.push(spec("/only-any"));
    let table = table(&specs);
    for (url, expected) in [
        ("x.a.example.com/p", 3),
        ("X.A.Example.Com.:443/p", 3),
        ("y.a.example.com/p", 2),
        ("z.y.a.example.com/p", 2),
        ("a.example.com/p", 1),
        ("example.com/p", 0),
        ("/p", 0),
        ("x.a.example.com/only-any", 4),
    ] {
        assert_eq!(find(&table, Method::Get, url, &[]), Some(expected), "{url}");
    }
}

#[test]
fn a_list_means_what_a_table_means() {
    let mut list = HandlerList::default();
    for (methods, pattern) in [
        (MethodSet::NONE, "/users/{id}"),
        (Method::Get.bit(), "/users/{id}"),
        (Method::Post.bit(), "/orders"),
        (Method::Put.bit(), "/orders/*"),
        (MethodSet::NONE, "/a/{b}/c/{d}"),
    ] {
        list.add(methods, pattern.as_bytes()).unwrap();
    }
    assert_eq!(list.find(Method::Get, b"/users/7"), Ok(1));
    assert_eq!(list.find(Method::Delete, b"/users/7"), Ok(0));
    assert_eq!(list.find(Method::Get, b"/users/"), Err(MethodSet::NONE));
    assert_eq!(list.find(Method::Head, b"/users/7"), Ok(1), "GET answers HEAD");
    let both = Method::Post.bit().union(Method::Put.bit());
    assert_eq!(list.find(Method::Get, b"/orders"), Err(both));
    let mut spans = vec![];
    list.param_spans(4, b"/a/xyz/c/42", |start, len| spans.push((start, len)));
    assert_eq!(spans, [(3, 3), (9, 2)]);
}

#[test]
fn spans_and_prefix_ends_are_those_of_the_path() {
    let table = table(&[spec("/a/{b}/c/{d}"), spec("/p/{q}/*")]);
    let head = |path: &'static str| RequestHead {
        host: b"",
        path: path.as_bytes(),
        query: b"",
        method: Method::Get,
        headers: &[],
    };
    let found = table.find(&head("/a/xyz/c/42")).unwrap();
    let spans: Vec<_> = table.param_spans(found.match_number, b"/a/xyz/c/42").collect();
    assert_eq!(spans, [(3, 3), (9, 2)]);
    for (path, end) in [("/p/1", 4), ("/p/1/", 4), ("/p/1/rest", 4)] {
        let found = table.find(&head(path)).unwrap();
        assert_eq!(prefix_end(found.depth, path.as_bytes()), end, "{path}");
    }
}

/// What the walk must equal: every pattern tried on its own, the best kept.
fn naive(patterns: &[String], path: &str) -> Option<u32> {
    let segments: Vec<&str> = path[1..].split('/').collect();
    let mut best: Option<(Vec<u32>, u32)> = None;
    for (target, pattern) in patterns.iter().enumerate() {
        let open = pattern.ends_with("/*");
        let body = pattern[1..]
            .strip_suffix('*')
            .map_or(&pattern[1..], |b| b.strip_suffix('/').unwrap_or(b));
        let parts: Vec<&str> =
            if open && body.is_empty() { vec![] } else { body.split('/').collect() };
        let fits = (parts.len() == segments.len() || open && parts.len() < segments.len())
            && parts
                .iter()
                .zip(&segments)
                .all(|(p, s)| if p.starts_with('{') { !s.is_empty() } else { p == s });
        if !fits {
            continue;
        }
        let mut rank = vec![u32::from(open), if open { 1_000 - parts.len() as u32 } else { 0 }];
        rank.extend(parts.iter().map(|part| u32::from(part.starts_with('{'))));
        if best.as_ref().is_none_or(|(known, _)| rank < *known) {
            best = Some((rank, target as u32));
        }
    }
    best.map(|(_, target)| target)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn the_walk_equals_the_naive_reference(
        patterns in prop::collection::vec("(/(a|b|\\{x\\})){0,4}(/\\*)?", 1..12),
        paths in prop::collection::vec("(/(a|b|c)){0,5}/?", 1..12),
    ) {
        let mut seen = vec![];
        let patterns: Vec<String> = patterns
            .into_iter()
            .map(|pattern| {
                let mut number = 0;
                let named = pattern.split('/').map(|part| if part == "{x}" { number += 1; format!("{{x{number}}}") } else { part.into() });
                let joined = named.collect::<Vec<String>>().join("/");
                if joined.is_empty() { "/".into() } else { joined }
            })
            .filter(|pattern| if seen.contains(pattern) { false } else { seen.push(pattern.clone()); true })
            .collect();
        let mut builder = RouteTableBuilder::new();
        for (target, pattern) in patterns.iter().enumerate() {
            let path = PathTemplate::parse(PathKind::Template, pattern.as_bytes()).unwrap();
            builder.add(&MatchSpec { host: "", path: PathSpec::Template(path), methods: MethodSet::NONE, headers: vec![], query: vec![], target: target as u32 }).unwrap();
        }
        let table = builder.finish().into_table();
        let mut list = HandlerList::default();
        for pattern in &patterns {
            list.add(MethodSet::NONE, pattern.as_bytes()).unwrap();
        }
        for path in paths {
            let path = if path.is_empty() { "/".into() } else { path };
            prop_assert_eq!(list.find(Method::Get, path.as_bytes()).ok(), naive(&patterns, &path), "list: {} in {:?}", path, patterns);
            prop_assert_eq!(find(&table, Method::Get, &path, &[]), naive(&patterns, &path), "{} in {:?}", path, patterns);
        }
    }
}

#[test]
fn labels_that_differ_in_their_middle_have_hashes_of_their_own() {
    let hash = |tenant: u32| split_segment(format!("acme-{tenant:04}-prod").as_bytes()).hash;
    let mut hashes: Vec<u32> = (0..1_000).map(hash).collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 1_000);
    // and they spread over the low bits that choose a row
    let mut slots: Vec<u32> = (0..1_000).map(|tenant| hash(tenant) & 2_047).collect();
    slots.sort_unstable();
    slots.dedup();
    assert!(slots.len() > 700, "{}", slots.len());
}

/// Each node below the last one on two ways: 2^63 walks, were each made.
#[test]
fn rows_that_are_no_tree_end_the_walk() {
    let nodes = 64u32;
    let mut rows = RouteRows::default();
    let (hash, label) = (split_segment(b"a").hash, Text { start: 0, len: 1 });
    rows.text.push(b'a');
    rows.hosts.push(Host::default());
    rows.nodes = (1..=nodes)
        .map(|next| {
            let param = if next < nodes { next } else { NONE };
            Node { literals: 1, param, ..Node::default() }
        })
        .collect();
    rows.edges = vec![Edge { node: NONE, ..Edge::default() }; 128];
    for parent in 0..nodes - 1 {
        let mut slot = edge_slot(parent, hash) & 127;
        while rows.edges[slot as usize].node != NONE {
            slot = (slot + 1) & 127;
        }
        rows.edges[slot as usize] = Edge { parent, hash, label, node: parent + 1 };
    }
    let table = rows.into_table();
    assert_eq!(find(&table, Method::Get, &"/a".repeat(63), &[]), None);
}
