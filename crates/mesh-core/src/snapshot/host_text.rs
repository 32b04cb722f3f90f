//! What hosts in other languages keep of a Snapshot: names, addresses, header edits, as one JSON
//! text.
//!
//! Written when a Snapshot is compiled, and handed out as it stands: the engine carries no code
//! that reads or writes it, and a host reads it once per load with its platform's own parser.
//!
//! ```json
//! {"version":0,"name":"shop","needs":1,"headers":["x-user"],
//!  "services":["cart"],"serviceEndpoints":[0],
//!  "endpoints":["binding:CART"],"versions":["1.2.0"],
//!  "rules":["rules[0]"],"ruleServices":[0],
//!  "backends":{"0":{"host":"","request":[["=","x-a","1"]],"response":[]}}}
//! ```
//!
//! Tables are columns, which cost a parser less than rows. A service has its first endpoint and a
//! rule its first backend's service, -1 where there is none. Backends are listed where they change
//! headers or the host, or have a body; edits are `=` set, `+` add, `-` remove, `^` set to the value
//! of a request header. The rest stands there only where the Snapshot has it:
//!
//! ```json
//! {"cors":[{"preflight":[["=","vary","origin"]],"actual":[]}],
//!  "limits":["\"per-user\";q=100;w=60"],"tiers":["*"],
//!  "flags":[["new-checkout",[["on",true],["off",false]]]],
//!  "cookies":{"0":["canary","; Path=/"]},
//!  "predicates":{"0":[["?","x-retry",""],["=","x-retry","1"],["!","stale",""]]},
//!  "balancers":{"0":"nearest"},"shared":[0]}
//! ```
//!
//! `tiers` are there where a limit is not counted in the isolate alone: the name of a rate-limit
//! binding, or `*` for who counts for all. `flags` have names, and names and values of their variants,
//! in the order of their numbers. `cookies` are by rule; `predicates` by policy: `?` a header that is
//! there, `=` one of that value, `!` a predicate given in code.
//! `balancers` are those given in code, by policy. `shared` are services whose state isolates share.

use alloc::{format, vec::Vec};

use super::{
    draft::SnapshotDraft,
    sections::text_of,
    tables::{Backend, Edit, NONE, PredicateKind, Rows, Text},
};
use crate::balance::Algorithm;

/// Bit of `needs`: hosts hand in the query.
pub const NEEDS_QUERY: u32 = 1;
/// Bit of `needs`: hosts hand in where the caller is.
pub const NEEDS_LOCATION: u32 = 2;

/// Writes the text of a draft.
pub(super) fn write(draft: &SnapshotDraft) -> Vec<u8> {
    let mut out = Writer { out: Vec::new(), draft };
    out.raw("{\"version\":");
    out.raw(&format!("{}", draft.mesh.version));
    out.raw(",\"name\":");
    out.text(draft.mesh.name);
    out.raw(",\"needs\":");
    out.raw(&format!("{}", needs(draft)));
    out.raw(",\"headers\":");
    out.list(draft.routes.header_names(), |out, name| out.string(name));
    out.column("services", &draft.services, |out, service| out.text(service.name));
    out.column("serviceEndpoints", &draft.services, |out, service| {
        out.number(if service.endpoints.len > 0 { service.endpoints.start } else { NONE });
    });
    out.column("endpoints", &draft.endpoints, |out, endpoint| out.text(endpoint.address));
    out.column("versions", &draft.endpoints, |out, endpoint| out.text(endpoint.version));
    out.column("rules", &draft.rules, |out, rule| out.text(rule.name));
    out.column("ruleServices", &draft.rules, |out, rule| {
        let first = draft.backends.get(rule.backends.start as usize);
        out.number(first.filter(|_| rule.backends.len > 0).map_or(NONE, |row| row.service));
    });
    out.raw(",\"backends\":{");
    let mut rest = false;
    for (number, backend) in draft.backends.iter().enumerate() {
        let host = host_of(draft, backend);
        if backend.edits.len == 0 && host.len == 0 && backend.body.len == 0 {
            continue;
        }
        out.raw(if rest { ",\"" } else { "\"" });
        rest = true;
        out.raw(&format!("{number}\":{{\"host\":"));
        out.text(host);
        if backend.body.len > 0 {
            out.raw(",\"body\":");
            out.text(backend.body);
        }
        for (name, side) in [("request", 0), ("response", 1)] {
            out.raw(&format!(",\"{name}\":"));
            out.list(
                run(&draft.edits, backend.edits).filter(|edit| edit.side == side),
                Writer::edit,
            );
        }
        out.raw("}");
    }
    out.raw("}");
    traffic(&mut out);
    out.raw("}");
    out.out
}

/// What only some Snapshots have.
fn traffic(out: &mut Writer<'_>) {
    let draft = out.draft;
    if !draft.cors.is_empty() {
        out.column("cors", &draft.cors, |out, row| {
            out.raw("{\"preflight\":");
            out.list(run(&draft.edits, row.preflight), Writer::edit);
            out.raw(",\"actual\":");
            out.list(run(&draft.edits, row.actual), Writer::edit);
            out.raw("}");
        });
    }
    if !draft.limits.is_empty() {
        out.column("limits", &draft.limits, |out, limit| out.text(limit.policy));
        if draft.limits.iter().any(|limit| limit.tier > 0) {
            // whom a host asks for leases: nobody, a binding, or who counts for all
            out.column("tiers", &draft.limits, |out, limit| match limit.tier {
                0 => out.raw("\"\""),
                1 => out.text(limit.binding),
                _ => out.raw("\"*\""),
            });
        }
    }
    if !draft.flag_texts.is_empty() {
        out.column("flags", &draft.flag_texts, |out, flag| {
            out.raw("[");
            out.text(flag.name);
            out.raw(",");
            out.list(flag.variants.iter(), |out, &(name, value)| {
                out.raw("[");
                out.text(name);
                out.raw(",");
                out.json(value);
                out.raw("]");
            });
            out.raw("]");
        });
    }
    let custom = Algorithm::Custom.as_u8();
    let policies = draft.policies.iter().enumerate().filter(|(_, row)| row.balancer == custom);
    out.map("balancers", policies, |out, policy| out.text(policy.hash.name));
    if !draft.shared.is_empty() {
        out.column("shared", &draft.shared, |out, service| out.number(*service));
    }
    let cookies = draft.rules.iter().enumerate().filter(|(_, rule)| rule.sticky_cookie.len > 0);
    out.map("cookies", cookies, |out, rule| {
        out.raw("[");
        out.text(rule.sticky.name);
        out.raw(",");
        out.text(rule.sticky_cookie);
        out.raw("]");
    });
    let policies = draft.policies.iter().enumerate().filter(|(_, row)| row.predicates.len > 0);
    out.map("predicates", policies, |out, policy| {
        out.list(run(&draft.predicates, policy.predicates), |out, row| {
            let kind = [("?", PredicateKind::Present), ("=", PredicateKind::Exact)];
            let kind = kind.iter().find(|(_, kind)| *kind as u8 == row.kind);
            out.triple(kind.map_or("!", |(verb, _)| verb), row.name, row.value);
        });
    });
}

fn run<T>(rows: &[T], run: Rows) -> impl Iterator<Item = &T> {
    rows.iter().skip(run.start as usize).take(run.len as usize)
}

fn needs(draft: &SnapshotDraft) -> u32 {
    let query = draft.routes.needs_query() || !draft.redirects.is_empty();
    let geographic = Algorithm::Geographic.as_u8();
    let place = draft.policies.iter().any(|policy| policy.balancer == geographic);
    (if query { NEEDS_QUERY } else { 0 }) | if place { NEEDS_LOCATION } else { 0 }
}

fn host_of(draft: &SnapshotDraft, backend: &Backend) -> Text {
    let rewrite = draft.rewrites.get(backend.rewrite as usize);
    rewrite.map(|rewrite| rewrite.host).unwrap_or_default()
}

struct Writer<'d> {
    out: Vec<u8>,
    draft: &'d SnapshotDraft,
}

impl Writer<'_> {
    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn list<T>(&mut self, rows: impl Iterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.raw("[");
        for (number, row) in rows.enumerate() {
            if number > 0 {
                self.raw(",");
            }
            write(self, row);
        }
        self.raw("]");
    }

    fn column<T>(&mut self, name: &str, rows: &[T], write: impl FnMut(&mut Self, &T)) {
        self.raw(&format!(",\"{name}\":"));
        self.list(rows.iter(), write);
    }

    fn number(&mut self, number: u32) {
        self.raw(&if number == NONE { "-1".into() } else { format!("{number}") });
    }

    /// Rows by their number; nothing where there are none.
    fn map<'r, T: 'r>(
        &mut self,
        name: &str,
        rows: impl Iterator<Item = (usize, &'r T)>,
        write: impl Fn(&mut Self, &T),
    ) {
        let mut open = false;
        for (number, row) in rows {
            self.raw(&if open { ",\"".into() } else { format!(",\"{name}\":{{\"") });
            open = true;
            self.raw(&format!("{number}\":"));
            write(self, row);
        }
        if open {
            self.raw("}");
        }
    }

    fn edit(&mut self, edit: &Edit) {
        let verb = match edit.action {
            0 => "=",
            1 => "+",
            2 => "-",
            _ => "^",
        };
        self.triple(verb, edit.name, edit.value);
    }

    fn triple(&mut self, verb: &str, name: Text, value: Text) {
        self.raw(&format!("[\"{verb}\","));
        self.text(name);
        self.raw(",");
        self.text(value);
        self.raw("]");
    }

    fn text(&mut self, text: Text) {
        let draft = self.draft;
        self.string(text_of(draft.pool(), text));
    }

    /// What is JSON already.
    fn json(&mut self, text: Text) {
        let draft = self.draft;
        self.out.extend_from_slice(text_of(draft.pool(), text));
    }

    fn string(&mut self, text: &[u8]) {
        self.raw("\"");
        for chunk in text.utf8_chunks() {
            for letter in chunk.valid().chars() {
                match letter {
                    '"' | '\\' => self.raw(&format!("\\{letter}")),
                    '\0'..' ' => self.raw(&format!("\\u{:04x}", u32::from(letter))),
                    _ => self.raw(letter.encode_utf8(&mut [0; 4])),
                }
            }
            if !chunk.invalid().is_empty() {
                self.raw("\u{fffd}");
            }
        }
        self.raw("\"");
    }
}

#[cfg(test)]
mod tests {
    use alloc::{string::String, vec};

    use super::*;
    use crate::snapshot::{
        Snapshot,
        tables::{Endpoint, Policy, Rewrite, Rows, Rule, Service},
    };

    #[test]
    fn every_part_is_there_and_awkward_texts_are_escaped() {
        let mut draft = SnapshotDraft::default();
        draft.mesh.version = 7;
        draft.mesh.name = draft.text("a\"b\\c\n\u{1}é");
        let (name, address, version) =
            (draft.text("cart"), draft.text("binding:C"), draft.text("1"));
        let endpoints = Rows { start: 0, len: 1 };
        draft.services =
            vec![Service { name, endpoints, ..Service::default() }, Service::default()];
        draft.endpoints = vec![Endpoint { address, version, ..Endpoint::default() }];
        draft.policies =
            vec![Policy { balancer: Algorithm::Geographic.as_u8(), ..Policy::default() }];
        draft.rewrites = vec![Rewrite { host: address, ..Rewrite::default() }];
        draft.edits = vec![
            Edit { side: 0, action: 0, name, value: version },
            Edit { side: 1, action: 2, name, value: Text::default() },
        ];
        let edits = Rows { start: 0, len: 2 };
        draft.backends = vec![
            Backend { rewrite: NONE, ..Backend::default() },
            Backend { rewrite: 0, edits, service: NONE, ..Backend::default() },
        ];
        let rule = |start| Rule {
            name,
            backends: Rows { start, len: 1 },
            redirect: NONE,
            ..Rule::default()
        };
        draft.rules = vec![rule(0), rule(1), Rule { backends: Rows::default(), ..rule(0) }];
        let snapshot = Snapshot::decode(&draft.encode()).unwrap();
        assert_eq!(
            String::from_utf8(snapshot.host_text().to_vec()).unwrap(),
            "{\"version\":7,\"name\":\"a\\\"b\\\\c\\u000a\\u0001é\",\"needs\":2,\"headers\":[],\
             \"services\":[\"cart\",\"\"],\"serviceEndpoints\":[0,-1],\
             \"endpoints\":[\"binding:C\"],\"versions\":[\"1\"],\
             \"rules\":[\"cart\",\"cart\",\"cart\"],\"ruleServices\":[0,-1,-1],\
             \"backends\":{\"1\":{\"host\":\"binding:C\",\"request\":[[\"=\",\"cart\",\"1\"]],\
             \"response\":[[\"-\",\"cart\",\"\"]]}}}"
        );
    }
}
