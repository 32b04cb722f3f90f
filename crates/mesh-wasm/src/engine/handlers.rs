//! A Worker's own handlers: patterns in, the number of one out.

use alloc::vec::Vec;

use mesh_core::{
    method::{Method, MethodSet},
    route::HandlerList,
};

use super::{
    Engine,
    abi::{given, out},
};

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

/// Hands out handler `number` of a list, with the spans of its parameters over its path.
pub(super) fn found(list: &HandlerList, number: u32, path: &[u8], slots: &mut [i32]) {
    let mut set = |slot: usize, value: u32| {
        if let Some(place) = slots.get_mut(slot) {
            *place = value.cast_signed();
        }
    };
    let mut next = out::PARAM_FIRST;
    list.param_spans(number, path, |start, len| {
        if next < given::TARGET {
            set(next, start);
            set(next + 1, len);
            next += 2;
        }
    });
    set(out::PARAMS, u32::try_from((next - out::PARAM_FIRST) / 2).unwrap_or(0));
    set(out::HANDLER, number);
    set(out::TEXT_PTR, u32::try_from(path.as_ptr() as usize).unwrap_or(0));
    set(out::TEXT_LEN, u32::try_from(path.len()).unwrap_or(0));
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
