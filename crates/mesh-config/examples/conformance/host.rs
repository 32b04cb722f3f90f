//! What serves the requests of the suite, and what came of one.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::case::Expect;

/// A gRPC call of the suite that names no method of its own.
const GRPC_METHOD: &str = "/proto.EchoTestService/Echo";

/// The content type of a gRPC call that names none.
pub(crate) const GRPC_TYPE: &str = "application/grpc";

/// Serves requests, each after the other.
pub(crate) trait Host {
    /// Begins another try of a case whose answers are drawn.
    fn restart(&mut self, turn: u32) -> Result<(), String>;

    /// Sends one request of a case; `Err` where no answer came at all.
    fn ask(&mut self, request: &Request, expect: &Expect) -> Result<Answer, String>;
}

/// A request as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) host: String,
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) tls: bool,
    /// True for a gRPC call.
    pub(crate) grpc: bool,
    /// Services that must get a copy.
    pub(crate) watched: Vec<String>,
}

/// What came of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Why the mesh answered itself.
    pub(crate) reason: Option<String>,
    pub(crate) location: Option<String>,
    /// What the last attempt sent.
    #[serde(rename = "seen")]
    pub(crate) sent: Option<Sent>,
    /// Names in lower case.
    #[serde(rename = "headers")]
    pub(crate) response_headers: BTreeMap<String, String>,
    /// What came back over a WebSocket.
    pub(crate) echoed: Option<Value>,
    /// The services that got a copy, each as often as it did.
    pub(crate) mirrored: Vec<String>,
    /// The status of a gRPC call, where the backend gave one.
    pub(crate) grpc_status: Option<u32>,
}

/// What a backend saw.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sent {
    /// Our name of the service.
    pub(crate) service: String,
    pub(crate) host: String,
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
}

impl Request {
    /// The request of a case. A gRPC call is a `POST` with its content type, whatever the file says
    /// of a method of HTTP.
    pub(crate) fn of(case: &crate::case::Request) -> Self {
        let headers = case.headers.iter();
        let mut headers: BTreeMap<String, String> =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
        let (mut method, mut path) = (case.method.clone(), case.path.clone());
        if case.is_grpc() {
            "POST".clone_into(&mut method);
            if matches!(path.as_str(), "" | "/") {
                GRPC_METHOD.clone_into(&mut path);
            }
            let known = headers.entry("content-type".to_owned());
            known.or_insert_with(|| GRPC_TYPE.to_owned());
        }
        if path.is_empty() {
            "/".clone_into(&mut path);
        }
        let host = case.host.clone().unwrap_or_else(|| "gateway.example".to_owned());
        Self {
            host,
            method,
            path,
            headers,
            tls: case.tls,
            grpc: case.is_grpc(),
            watched: Vec::new(),
        }
    }
}
