//! A Worker's own handlers: patterns in, the number of one out.

use alloc::vec::Vec;

use mesh_core::{
    machine::{Machine, Request, Respond},
    method::{Method, MethodSet},
    route::HandlerList,
};

use super::{Engine, abi::out};

/// What the handlers say of a request.
pub(super) enum Hit {
    /// One takes it; the output area says which.
    Local,
    /// The path has no normal form.
    Answer(Respond),
    /// None; these methods would have been taken.
    Miss(MethodSet),
}

impl Engine {
    pub(super) fn handlers(&mut self, len: usize) -> i32 {
        let lines = self.input.bytes(len);
        let mut list = HandlerList::default();
        for (number, line) in (0i32..).zip(lines.split(|&byte| byte == b'\n')) {
            if let Err(message) = add(&mut list, line) {
                self.text.clear();
                self.text.extend_from_slice(message.as_bytes());
                self.own_text();
                return -1 - number;
            }
        }
        self.tables.push(list);
        i32::try_from(self.tables.len()).unwrap_or(i32::MAX) - 1
    }
}

fn add(list: &mut HandlerList, line: &[u8]) -> Result<(), &'static str> {
    let space = line.iter().position(|&byte| byte == b' ');
    let (methods, pattern) = space.and_then(|at| line.split_at_checked(at)).unwrap_or((&[], line));
    let mut set = MethodSet::NONE;
    if space.is_some() {
        for name in methods.split(|&byte| byte == b',') {
            let method = Method::from_name(name);
            if method == Method::Other {
                return Err(
                    "an unknown method; expected GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH, …",
                );
            }
            set = set.union(method.bit());
        }
    }
    list.add(set, pattern.trim_ascii_start()).map_err(|error| error.message())
}

pub(super) fn find(
    machine: &mut Machine,
    list: &HandlerList,
    request: &Request<'_>,
    slots: &mut [i32],
) -> Hit {
    let number = match machine.handler(list, request) {
        Err(answer) => return Hit::Answer(answer),
        Ok(Err(methods)) => return Hit::Miss(methods),
        Ok(Ok(number)) => number,
    };
    let path = machine.path();
    let mut set = |slot: usize, value: u32| {
        if let Some(place) = slots.get_mut(slot) {
            *place = i32::try_from(value).unwrap_or(-1);
        }
    };
    let mut next = out::PARAM_FIRST;
    list.param_spans(number, path, |start, len| {
        set(next, start);
        set(next + 1, len);
        next += 2;
    });
    set(out::PARAMS, u32::try_from((next - out::PARAM_FIRST) / 2).unwrap_or(0));
    set(out::HANDLER, number);
    set(out::TEXT_PTR, u32::try_from(path.as_ptr() as usize).unwrap_or(0));
    set(out::TEXT_LEN, u32::try_from(path.len()).unwrap_or(0));
    Hit::Local
}

/// Writes the value of an `Allow` header.
pub(super) fn allow(methods: MethodSet, text: &mut Vec<u8>) {
    text.clear();
    for (method, name) in Method::NAMED {
        if methods.contains(method) {
            if !text.is_empty() {
                text.extend_from_slice(b", ");
            }
            text.extend_from_slice(name.as_bytes());
        }
    }
}
