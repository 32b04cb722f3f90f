//! Requests of a case file as the machine takes them.

use mesh_core::{
    balance::geographic::Location,
    machine::{Body, Caller},
    method::Method,
    time::Micros,
};
use serde_json::Value;

/// A request taken apart.
pub(super) struct Parts {
    pub(super) method: Method,
    pub(super) host: String,
    pub(super) path: Vec<u8>,
    pub(super) query: String,
    pub(super) headers: Value,
    pub(super) body: Body,
    pub(super) caller: Caller,
}

impl Parts {
    /// Reads the fields of a step. `{i}` in the request line and in header values is `place`.
    pub(super) fn of(step: &Value, place: usize) -> Self {
        let line = step["request"].as_str().unwrap_or("GET /").replace("{i}", &place.to_string());
        let (method, url) = line.split_once(' ').unwrap();
        let at = url.find(['/', '\\']).unwrap();
        let (host, target) = url.split_at(at);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut path = path.as_bytes().to_vec();
        path.extend(tail(step));
        let headers = step["headers"].to_string().replace("{i}", &place.to_string());
        Self {
            method: Method::from_name(method.as_bytes()),
            host: host.to_owned(),
            path,
            query: query.to_owned(),
            headers: serde_json::from_str(&headers).unwrap(),
            body: body(&step["body"]),
            caller: caller(step),
        }
    }
}

/// The raw path of a path case.
pub(super) fn raw_path(case: &Value) -> Vec<u8> {
    let mut raw = match case["hex"].as_str() {
        Some(hex) => {
            let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            (0..hex.len()).step_by(2).map(digit).collect()
        }
        None => case["raw"].as_str().unwrap().as_bytes().to_vec(),
    };
    raw.extend(tail(case));
    raw
}

/// `"then": ["a", 3]` is `aaa` behind the path.
fn tail(step: &Value) -> Vec<u8> {
    let times = step["then"][1].as_u64().unwrap_or(0).try_into().unwrap();
    step["then"][0].as_str().unwrap_or("").repeat(times).into_bytes()
}

fn body(body: &Value) -> Body {
    match body {
        Value::Null => Body::None,
        Value::String(_) => Body::Stream,
        bytes => Body::Sized(bytes.as_u64().unwrap().try_into().unwrap()),
    }
}

fn caller(step: &Value) -> Caller {
    let degrees = |at: usize| step["place"][at].as_f64();
    let place = degrees(0).zip(degrees(1));
    Caller {
        remaining: step["remaining"].as_u64().map(Micros::from_millis),
        place: place.and_then(|(north, east)| Location::from_degrees(north, east)),
        depth: step["depth"].as_u64().unwrap_or(0).try_into().unwrap(),
        https: step["https"] == true,
        idempotency_key: step["idempotencyKey"] == true,
    }
}
