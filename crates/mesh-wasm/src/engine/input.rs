//! The input area: where the host writes a request's bytes.

use alloc::vec::Vec;

use mesh_core::{
    balance::geographic::Location,
    limits::NEEDED_HEADERS_MAX,
    machine::{Body, Caller, Request},
    method::Method,
};

use super::{abi, abi::caller, micros};

/// Room that is kept between requests.
const KEPT_BYTES: usize = 4 * 1024;

#[derive(Debug, Default)]
pub(super) struct Input {
    area: Vec<u8>,
    place: Option<Location>,
}

/// Lengths of the parts at the front of the area.
#[derive(Clone, Copy)]
pub(super) struct Lens {
    pub(super) host: usize,
    pub(super) path: usize,
    pub(super) query: usize,
}

/// A request read from the area, with its needed header values.
pub(super) struct Read<'a> {
    request: Request<'a>,
    headers: [Option<&'a [u8]>; NEEDED_HEADERS_MAX],
    count: usize,
}

impl Read<'_> {
    pub(super) fn request(&self) -> Request<'_> {
        Request { headers: self.headers.get(..self.count).unwrap_or(&[]), ..self.request }
    }
}

impl Input {
    pub(super) fn reserve(&mut self, len: usize) -> usize {
        if len > abi::INPUT_BYTES_MAX {
            return 0;
        }
        if self.area.len() < len {
            self.area.resize(len.max(KEPT_BYTES), 0);
        }
        self.area.as_ptr() as usize
    }

    pub(super) fn trim(&mut self) {
        self.area.truncate(KEPT_BYTES);
        self.area.shrink_to_fit();
    }

    pub(super) fn bytes(&self, len: usize) -> &[u8] {
        self.area.get(..len).unwrap_or(&[])
    }

    pub(super) fn locate(&mut self, latitude: f64, longitude: f64) {
        self.place = Location::from_degrees(latitude, longitude);
    }

    pub(super) fn request(
        &mut self,
        lens: Lens,
        method: u32,
        body: i32,
        caller: u32,
        remaining_ms: f64,
        needed: usize,
    ) -> Read<'_> {
        let place = self.place.take();
        let (host, rest) = split(&self.area, lens.host);
        let (path, rest) = split(rest, lens.path);
        let (query, mut rest) = split(rest, lens.query);
        let mut headers = [None; NEEDED_HEADERS_MAX];
        let count = needed.min(NEEDED_HEADERS_MAX);
        for value in headers.iter_mut().take(count) {
            (*value, rest) = prefixed(rest);
        }
        let remaining = (caller & caller::REMAINING != 0).then(|| micros(remaining_ms));
        let caller = Caller {
            remaining,
            place,
            depth: u8::try_from(caller & caller::DEPTH_MASK).unwrap_or(u8::MAX),
            https: caller & caller::HTTPS != 0,
            idempotency_key: caller & caller::IDEMPOTENCY_KEY != 0,
        };
        let body = match body {
            abi::body::NONE => Body::None,
            known => u32::try_from(known).map_or(Body::Stream, Body::Sized),
        };
        let method = Method::from_number(method);
        Read { request: Request { host, path, query, method, headers: &[], body, caller }, headers, count }
    }

    /// The `Retry-After` value and the load report of a response.
    pub(super) fn extra(&self, len: usize) -> (Option<&[u8]>, Option<&[u8]>) {
        let (hint, rest) = prefixed(self.bytes(len));
        let (load, _) = prefixed(rest);
        (hint, load)
    }
}

fn split(bytes: &[u8], len: usize) -> (&[u8], &[u8]) {
    bytes.split_at_checked(len).unwrap_or((&[], &[]))
}

/// A value after its u16 length; 0xFFFF = there is none.
fn prefixed(bytes: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let [low, high, rest @ ..] = bytes else { return (None, &[]) };
    let len = u16::from_le_bytes([*low, *high]);
    if len == u16::MAX {
        return (None, rest);
    }
    rest.split_at_checked(usize::from(len)).map_or((None, &[][..]), |(value, rest)| (Some(value), rest))
}
