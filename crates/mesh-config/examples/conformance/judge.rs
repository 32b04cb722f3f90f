//! Whether an answer is what a case expects, as `semantics` in the file says.

use mesh_config::gateway_api::Import;

use crate::{
    case::{BackendRequest, Expect, Redirect},
    cluster::Cluster,
    host::{Answer, Request, Sent},
};

/// What is known besides the answer.
#[derive(Debug)]
pub(crate) struct Judge<'c> {
    pub(crate) cluster: &'c Cluster,
    pub(crate) import: &'c Import,
    pub(crate) request: &'c Request,
}

impl Judge<'_> {
    /// The first difference.
    pub(crate) fn differs(&self, expect: &Expect, answer: &Answer) -> Option<String> {
        if !expect.status.contains(&answer.status) {
            let (status, reason) = (answer.status, answer.reason.as_deref().unwrap_or(""));
            return Some(format!("status {status} ({reason}), expected {:?}", expect.status));
        }
        if let Some(expected) = &expect.websocket_echo {
            let echoed = answer.echoed.as_ref();
            return (echoed != Some(expected)).then(|| format!("{echoed:?} came back"));
        }
        if let Some(redirect) = &expect.redirect {
            return self.redirect(redirect, answer.location.as_deref());
        }
        // upstream looks at the rest only where the request got through
        if !(200..300).contains(&answer.status) {
            return None;
        }
        if let Some(status) = answer.grpc_status.filter(|status| *status != 0) {
            return Some(format!("grpc-status {status}, expected 0"));
        }
        let Some(sent) = &answer.sent else { return Some("no backend was asked".to_owned()) };
        let seen = expect.backend_request.as_ref();
        self.copies(expect, answer)
            .or_else(|| self.backend(expect, sent))
            .or_else(|| seen.and_then(|expected| self.seen(expected, sent)))
            .or_else(|| response(expect, answer))
    }

    /// Each must have got exactly one copy.
    fn copies(&self, expect: &Expect, answer: &Answer) -> Option<String> {
        expect.mirrored_to.iter().find_map(|mirrored| {
            let services = self.import.services();
            let fits = |name: &&String| {
                let service = services.iter().find(|one| one.service.as_str() == name.as_str());
                service.is_some_and(|service| self.cluster.is_mirror(mirrored, service))
            };
            let copies = answer.mirrored.iter().filter(fits).count();
            (copies != 1).then(|| format!("{copies} copies to {}, expected 1", mirrored.backend))
        })
    }

    fn backend(&self, expect: &Expect, sent: &Sent) -> Option<String> {
        let mut known = self.import.services().iter();
        let Some(service) = known.find(|one| one.service.as_str() == sent.service) else {
            return Some(format!("service {} is none of the import's", sent.service));
        };
        let namespace = expect.namespace.as_deref();
        if namespace.is_some_and(|expected| expected != service.namespace) {
            return Some(format!("namespace {}, expected {namespace:?}", service.namespace));
        }
        let pods = expect.backend.as_deref()?;
        let serves = self.cluster.serves(&service.namespace, &service.name, pods);
        (!serves).then(|| format!("backend {}, expected {pods}", service.name))
    }

    fn seen(&self, expected: &BackendRequest, sent: &Sent) -> Option<String> {
        let differs = |what: &str, found: &str, expected: Option<&str>| {
            let expected = expected.filter(|expected| *expected != found)?;
            Some(format!("{what} {found} at the backend, expected {expected}"))
        };
        let path = expected.path.as_deref().map(|path| if path.is_empty() { "/" } else { path });
        // of a gRPC call the file has neither
        let path = path.filter(|path| !(self.request.grpc && *path == "/"));
        let method = expected.method.as_deref().filter(|_| !self.request.grpc);
        let header = |(name, value): (&String, &String)| {
            differs(name, &joined(sent.headers.get(&name.to_ascii_lowercase())), Some(value))
        };
        let unwanted = |name: &&String| sent.headers.contains_key(&name.to_ascii_lowercase());
        differs("path", &sent.path, path)
            .or_else(|| differs("host", &sent.host, expected.host.as_deref()))
            .or_else(|| differs("method", &sent.method, method))
            .or_else(|| expected.headers.iter().find_map(header))
            .or_else(|| {
                let found = expected.absent_headers.iter().find(unwanted)?;
                Some(format!("header {found} at the backend, expected none"))
            })
    }

    fn redirect(&self, expected: &Redirect, location: Option<&str>) -> Option<String> {
        let Some(location) = location else { return Some("no Location".to_owned()) };
        let wrong = |what: &str, expected: &str| {
            Some(format!("Location {location}, expected the {what} {expected}"))
        };
        let Some((scheme, rest)) = location.split_once("://") else {
            return wrong("form", "scheme://…");
        };
        let at = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
        let own_scheme = if self.request.tls { "https" } else { "http" };
        let expected_scheme = expected.scheme.as_deref().unwrap_or(own_scheme);
        if scheme != expected_scheme {
            return wrong("scheme", expected_scheme);
        }
        if let Some(expected) = expected.host.as_deref().filter(|expected| *expected != host) {
            return wrong("host", expected);
        }
        let expected_path = expected.path.as_deref().unwrap_or(&self.request.path);
        if path != expected_path {
            return wrong("path", expected_path);
        }
        let usual = if scheme == "https" { "443" } else { "80" };
        match expected.port.as_deref().filter(|port| !port.is_empty()) {
            Some(expected) if expected != port && !(port.is_empty() && expected == usual) => {
                wrong("port", expected)
            }
            None if !port.is_empty() && port != usual => wrong("port", "none"),
            Some(_) | None => None,
        }
    }
}

fn response(expect: &Expect, answer: &Answer) -> Option<String> {
    let wrong = expect.response_headers.iter().find(|(name, value)| {
        joined(answer.response_headers.get(&name.to_ascii_lowercase())) != **value
    });
    let unwanted = expect
        .response_absent_headers
        .iter()
        .find(|name| answer.response_headers.contains_key(&name.to_ascii_lowercase()));
    wrong
        .map(|(name, value)| format!("response header {name} is not {value}"))
        .or_else(|| unwanted.map(|name| format!("response header {name}, expected none")))
}

/// Several values of a header, joined as the suite has them.
fn joined(values: Option<&String>) -> String {
    values.map(|values| values.replace(", ", ",")).unwrap_or_default()
}
