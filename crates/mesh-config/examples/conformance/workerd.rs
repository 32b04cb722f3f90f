//! The suite end to end: `npm/diddy-mesh/test/conformance/run.mjs` keeps a gateway Worker for each
//! document and an echo Worker behind each service, and sends what it is told to, line by line.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use mesh_config::gateway_api::Import;
use serde_json::{Value, json};

use crate::{
    case::Expect,
    host::{Answer, GRPC_TYPE, Host, Request},
};

const GRPC_WEB_TYPE: &str = "application/grpc-web+proto";

/// The documents of all cases, each once.
#[derive(Debug, Default)]
pub(crate) struct Worlds {
    documents: Vec<Value>,
    /// By the document's text.
    known: BTreeMap<String, usize>,
}

/// The Workers.
#[derive(Debug)]
pub(crate) struct Workerd {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    /// How many requests were sent.
    turn: u32,
}

/// The gateway of one world.
#[derive(Debug)]
pub(crate) struct Gateway<'w> {
    pub(crate) workerd: &'w mut Workerd,
    pub(crate) world: usize,
}

impl Worlds {
    /// The number of a document.
    pub(crate) fn add(&mut self, document: Value, import: &Import) -> usize {
        *self.known.entry(document.to_string()).or_insert_with(|| {
            let services = import.services().iter().map(|one| one.service.as_str());
            let services: Vec<&str> = services.collect();
            self.documents.push(json!({ "document": document, "services": services }));
            self.documents.len().saturating_sub(1)
        })
    }
}

impl Workerd {
    /// Starts the Workers and waits until they serve.
    pub(crate) fn start(script: &Path, worlds: &Worlds) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", script.display());
        let mut command = Command::new("node");
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("node without stdin or stdout".to_owned());
        };
        let mut workerd = Self { child, to, from: BufReader::new(from), turn: 0 };
        workerd.exchange(&json!(worlds.documents))?;
        Ok(workerd)
    }

    /// Ends the Workers.
    pub(crate) fn stop(mut self) -> Result<(), String> {
        drop(self.to);
        let status = self.child.wait().map_err(|error| error.to_string())?;
        if status.success() { Ok(()) } else { Err(format!("node ended with {status}")) }
    }

    /// Sends a line and reads the one that answers it.
    fn exchange(&mut self, line: &Value) -> Result<String, String> {
        let lost = |error: std::io::Error| format!("the Workers are gone: {error}");
        writeln!(self.to, "{line}").map_err(lost)?;
        self.to.flush().map_err(lost)?;
        let mut answer = String::new();
        match self.from.read_line(&mut answer).map_err(lost)? {
            0 => Err("the Workers are gone".to_owned()),
            _ => Ok(answer),
        }
    }
}

impl Host for Gateway<'_> {
    /// Workers go on with the dice that they have.
    fn restart(&mut self, _: u32) -> Result<(), String> {
        Ok(())
    }

    fn ask(&mut self, request: &Request, expect: &Expect) -> Result<Answer, String> {
        self.workerd.turn += 1;
        // a backend remembers how often it was called with one of these
        let uuid = format!("uuid-{}-of-run", self.workerd.turn);
        let Request { host, method, path, headers, tls, grpc, watched } = request;
        let scheme = if *tls { "https" } else { "http" };
        let url = format!("{scheme}://{host}{path}").replace("${UUID}", &uuid);
        let mut headers = headers.clone();
        if *grpc {
            // what of gRPC passes a Worker
            let plain = headers.values_mut().filter(|value| *value == GRPC_TYPE);
            plain.for_each(|value| GRPC_WEB_TYPE.clone_into(value));
        }
        let line = json!({
            "world": self.world, "url": url, "method": method, "headers": headers,
            "messages": expect.websocket_echo, "watched": watched,
        });
        let text = self.workerd.exchange(&line)?;
        let answer: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        if let Some(error) = answer.get("error").and_then(Value::as_str) {
            return Err(error.to_owned());
        }
        let mut answer: Answer =
            serde_json::from_value(answer).map_err(|error| format!("{error} in {text}"))?;
        if *grpc && answer.status == 200 && answer.grpc_status.is_none() {
            return Err("a gRPC answer without its status".to_owned());
        }
        if let Some(sent) = &mut answer.sent {
            sent.path = sent.path.replace(&uuid, "${UUID}");
        }
        Ok(answer)
    }
}
