//! Tables of a Worker's own handlers: the same patterns and the same walk as the rules.

use alloc::vec::Vec;

use mesh_core::{
    machine::{Machine, Request, Respond},
    method::{Method, MethodSet},
    route::{PathKind, PathTemplate, RouteTable, TreeBuilder},
};

use super::{Engine, abi::out};

/// What a table says of a request.
pub(super) enum Hit {
    /// A handler takes it; the output area says which.
    Local,
    /// The path has no normal form.
    Answer(Respond),
    /// None; these methods would have been taken.
    Miss(u16),
}

impl Engine {
    pub(super) fn handlers(&mut self, len: usize) -> i32 {
        let lines = self.input.bytes(len);
        let mut builder = TreeBuilder::new();
        for (number, line) in (0i32..).zip(lines.split(|&byte| byte == b'\n')) {
            if let Err(message) = add(&mut builder, line, number.unsigned_abs()) {
                self.text.clear();
                self.text.extend_from_slice(message.as_bytes());
                self.own_text();
                return -1 - number;
            }
        }
        self.tables.push(builder.finish());
        i32::try_from(self.tables.len()).unwrap_or(i32::MAX) - 1
    }
}

fn add(builder: &mut TreeBuilder, line: &[u8], target: u32) -> Result<(), &'static str> {
    let space = line.iter().position(|&byte| byte == b' ');
    let (methods, pattern) = space.and_then(|at| line.split_at_checked(at)).unwrap_or((&[], line));
    let mut set = MethodSet::NONE;
    if space.is_some() {
        for name in methods.split(|&byte| byte == b',') {
            let method = Method::from_name(name);
            if method == Method::Other {
                return Err("an unknown method; expected GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH, …");
            }
            set = set.union(method.bit());
        }
    }
    let path = PathTemplate::parse(PathKind::Template, pattern.trim_ascii_start())
        .map_err(|error| error.message())?;
    builder.add(&path, set, target);
    Ok(())
}

pub(super) fn find(
    machine: &mut Machine,
    table: &RouteTable,
    request: &Request<'_>,
    slots: &mut [i32],
) -> Hit {
    let number = match machine.handler(table, request) {
        Err(answer) => return Hit::Answer(answer),
        Ok(Some(number)) => number,
        Ok(None) => return Hit::Miss(other_methods(machine, table, request)),
    };
    let path = machine.path();
    let mut set = |slot: usize, value: u32| {
        if let Some(place) = slots.get_mut(slot) {
            *place = i32::try_from(value).unwrap_or(-1);
        }
    };
    let mut count = 0;
    for (start, len) in table.param_spans(number, path) {
        set(out::PARAM_FIRST + count * 2, start);
        set(out::PARAM_FIRST + count * 2 + 1, len);
        count += 1;
    }
    set(out::PARAMS, u32::try_from(count).unwrap_or(0));
    set(out::HANDLER, table.match_row(number).map_or(0, |found| found.target));
    set(out::TEXT_PTR, u32::try_from(path.as_ptr() as usize).unwrap_or(0));
    set(out::TEXT_LEN, u32::try_from(path.len()).unwrap_or(0));
    Hit::Local
}

/// The methods for which the table has the path; asked only where the request's own has none.
fn other_methods(machine: &mut Machine, table: &RouteTable, request: &Request<'_>) -> u16 {
    Method::NAMED.into_iter().fold(0, |methods, (method, _)| {
        let asked = Request { method, ..*request };
        let hit = matches!(machine.handler(table, &asked), Ok(Some(_)));
        methods | if hit { method.bit().0 } else { 0 }
    })
}

/// Writes the value of an `Allow` header.
pub(super) fn allow(methods: u16, text: &mut Vec<u8>) {
    text.clear();
    for (method, name) in Method::NAMED {
        if MethodSet(methods).contains(method) {
            if !text.is_empty() {
                text.extend_from_slice(b", ");
            }
            text.extend_from_slice(name.as_bytes());
        }
    }
}
