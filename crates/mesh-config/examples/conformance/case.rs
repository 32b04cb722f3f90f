//! The suite's file: tests with their cases, as `cases.json` has them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The file.
#[derive(Debug, Deserialize)]
pub(crate) struct Suite {
    pub(crate) tests: Vec<Test>,
}

/// One test: manifests, and what holds once they are there.
#[derive(Debug, Deserialize)]
pub(crate) struct Test {
    pub(crate) profile: String,
    pub(crate) manifests: Vec<String>,
    pub(crate) cases: Vec<Case>,
}

/// A request with its expectation, or a step between two.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) step: Option<String>,
    pub(crate) request: Option<Request>,
    #[serde(default)]
    pub(crate) expect: Expect,
    pub(crate) gateway: Option<String>,
    #[serde(default)]
    pub(crate) listeners: Vec<String>,
    pub(crate) client: Option<Client>,
    /// What the fixture backend is told to put on its response.
    #[serde(default)]
    pub(crate) backend_set_response_headers: BTreeMap<String, String>,
    /// What a fixture backend reads from the query too.
    #[serde(rename = "retry_simulation")]
    _retry_simulation: Option<Value>,
    #[serde(rename = "group")]
    _group: Option<String>,
    #[serde(rename = "name")]
    _name: Option<String>,
    #[serde(rename = "note")]
    _note: Option<String>,
    /// What this program does not know, and so cannot have checked.
    #[serde(flatten)]
    pub(crate) unknown: BTreeMap<String, Value>,
}

/// Where a request of the mesh comes from.
#[derive(Debug, Deserialize)]
pub(crate) struct Client {
    pub(crate) namespace: String,
}

/// A request.
#[derive(Debug, Deserialize)]
pub(crate) struct Request {
    pub(crate) host: Option<String>,
    pub(crate) method: String,
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) tls: bool,
    pub(crate) protocol: Option<String>,
    #[serde(rename = "sni")]
    _sni: Option<String>,
    #[serde(flatten)]
    pub(crate) unknown: BTreeMap<String, Value>,
}

/// What must come of it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Expect {
    #[serde(default)]
    pub(crate) status: Vec<u16>,
    pub(crate) backend: Option<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) backend_request: Option<BackendRequest>,
    #[serde(rename = "backend_request_explicit")]
    _explicit: Option<bool>,
    pub(crate) redirect: Option<Redirect>,
    #[serde(default)]
    pub(crate) response_headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) response_absent_headers: Vec<String>,
    pub(crate) distribution: Option<Distribution>,
    #[serde(default)]
    pub(crate) mirrored_to: Vec<Mirrored>,
    pub(crate) websocket_echo: Option<Value>,
    #[serde(flatten)]
    pub(crate) unknown: BTreeMap<String, Value>,
}

/// What the backend must see.
#[derive(Debug, Deserialize)]
pub(crate) struct BackendRequest {
    pub(crate) path: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) method: Option<String>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) absent_headers: Vec<String>,
    #[serde(flatten)]
    pub(crate) unknown: BTreeMap<String, Value>,
}

/// Where the caller must be sent; what is absent is as requested.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redirect {
    pub(crate) scheme: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<String>,
    pub(crate) path: Option<String>,
}

/// Who must get one copy.
#[derive(Debug, Deserialize)]
pub(crate) struct Mirrored {
    pub(crate) backend: String,
    pub(crate) namespace: Option<String>,
    #[serde(flatten)]
    pub(crate) unknown: BTreeMap<String, Value>,
}

/// How many requests each backend must get.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Distribution {
    pub(crate) weights: BTreeMap<String, f64>,
    pub(crate) total_requests: u32,
    pub(crate) tolerance_abs: f64,
    pub(crate) max_attempts: u32,
}

/// Where a case is tried.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Level {
    /// The brain alone.
    Decision,
    /// Workers.
    Workerd,
}

impl Level {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Workerd => "workerd",
        }
    }
}

impl Request {
    pub(crate) fn is_grpc(&self) -> bool {
        self.protocol.as_deref() == Some("grpc")
    }
}

impl Case {
    /// What the case needs and the platform does not have.
    pub(crate) fn lacks(&self) -> Option<String> {
        let request = self.request.as_ref()?;
        let host = request.host.as_deref().unwrap_or("");
        if let Some(protocol) = request.protocol.as_deref().filter(|_| !request.is_grpc()) {
            return Some(format!(
                "protocol {protocol}: no fetch of a Worker speaks HTTP/2 without TLS"
            ));
        }
        if host.starts_with("${POD_IP") {
            return Some("the address of a Pod: Workers have no Pods".to_owned());
        }
        None
    }

    /// The first part of the case that this program does not know.
    pub(crate) fn unknown(&self) -> Option<&str> {
        let mut names = self
            .unknown
            .keys()
            .chain(self.expect.unknown.keys())
            .chain(self.request.iter().flat_map(|request| request.unknown.keys()))
            .chain(self.expect.mirrored_to.iter().flat_map(|one| one.unknown.keys()))
            .chain(self.expect.backend_request.iter().flat_map(|seen| seen.unknown.keys()));
        names.next().map(String::as_str)
    }
}
