//! Prints the boundary's numbers and names as TypeScript, for `npm/diddy-mesh/src/generated/abi.ts`.

use core::fmt::{Display, Write as _};

use mesh_core::{
    breaker::TransitionReason,
    event::EventKind,
    method::Method,
    reason::{Denial, Reason},
    route::FlagReason,
    snapshot::{FORMAT, SnapshotError, tables::Transport},
};
use mesh_wasm::engine::abi;

fn main() {
    let mut text =
        String::from("// Generated from crates/mesh-wasm by `cargo xtask wasm`; do not edit.\n\n");
    numbers(&mut text, "STEP", abi::step::ALL);
    numbers(&mut text, "IN", abi::given::ALL);
    numbers(&mut text, "OUT", abi::out::ALL);
    numbers(&mut text, "FLAG", abi::flag::ALL);
    numbers(&mut text, "OUTCOME", abi::outcome::ALL);
    numbers(&mut text, "CALLER", abi::caller::ALL);
    numbers(&mut text, "BODY", abi::body::ALL);
    numbers(&mut text, "ASK", abi::ask::ALL);
    numbers(&mut text, "TELL", abi::tell::ALL);
    numbers(&mut text, "NOTE", abi::note::ALL);
    numbers(&mut text, "NEED", abi::need::ALL);
    numbers(&mut text, "EVENT", abi::event::ALL);
    constant(&mut text, "SLOTS", abi::SLOTS);
    constant(&mut text, "INPUT_BYTES_MAX", abi::INPUT_BYTES_MAX);
    line(&mut text, &format!("export const NEVER = {};\n", abi::NEVER));
    line(&mut text, &format!("export const MIRROR_TARGET = {};\n", abi::MIRROR_TARGET));
    line(&mut text, &format!("export const FLAG_TARGET = {};\n", abi::FLAG_TARGET));
    constant(&mut text, "EVENT_WORDS", abi::EVENT_WORDS);
    constant(&mut text, "DEPTH_MAX", usize::from(mesh_core::limits::DEPTH_MAX));
    constant(&mut text, "SNAPSHOT_FORMAT", usize::from(FORMAT));
    names(&mut text, "REASONS", "Reason", Reason::NAMES);
    names(&mut text, "FLAG_REASONS", "FlagReason", &FlagReason::NAMES);
    names(&mut text, "DENIALS", "Denial", Denial::NAMES);
    names(&mut text, "EVENTS", "EventKind", &EventKind::NAMES);
    names(&mut text, "TRANSITIONS", "TransitionReason", &TransitionReason::NAMES);
    names(&mut text, "SNAPSHOT_ERRORS", "SnapshotErrorCode", &SnapshotError::NAMES);
    names(&mut text, "BREAKERS", "BreakerState", &abi::BREAKERS);
    names(&mut text, "HEALTHS", "Health", &["healthy", "unhealthy", "draining"]);
    names(&mut text, "METHODS", "Method", &Method::NAMED.map(|(_, name)| name));
    names(&mut text, "SCHEMES", "Scheme", &Transport::SCHEMES.map(|(_, name)| name));
    names(&mut text, "SERVICE_COLUMNS", "ServiceColumn", &abi::SERVICE_COLUMNS);
    names(&mut text, "ENDPOINT_COLUMNS", "EndpointColumn", &abi::ENDPOINT_COLUMNS);
    names(&mut text, "DEMAND_COLUMNS", "DemandColumn", &abi::DEMAND_COLUMNS);
    #[expect(clippy::print_stdout, reason = "its output is its purpose")]
    {
        print!("{text}");
    }
}

fn numbers<T: Display>(text: &mut String, name: &str, all: &[(&str, T)]) {
    line(text, &format!("export const {name} = {{"));
    for (key, value) in all {
        line(text, &format!("  {key}: {value},"));
    }
    line(text, "} as const;\n");
}

fn constant(text: &mut String, name: &str, value: usize) {
    line(text, &format!("export const {name} = {value};\n"));
}

fn names(text: &mut String, name: &str, kind: &str, all: &[&str]) {
    line(text, &format!("export const {name} = ["));
    for value in all {
        line(text, &format!("  \"{value}\","));
    }
    line(text, &format!("] as const;\nexport type {kind} = (typeof {name})[number];\n"));
}

fn line(text: &mut String, line: &str) {
    // writing to a String cannot fail
    let _written = writeln!(text, "{line}");
}
