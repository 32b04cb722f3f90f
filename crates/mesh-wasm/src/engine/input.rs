//! The input area: where the host writes a request's bytes.

use alloc::vec::Vec;

use mesh_core::{
    balance::geographic::Location,
    limits::NEEDED_HEADERS_MAX,
    machine::{Body, Caller, Request},
    method::Method,
};

use super::{Begin, abi, abi::caller, micros};

/// Room that is kept between requests.
const KEPT_BYTES: usize = 4 * 1024;

#[derive(Debug)]
pub(super) struct Input {
    area: Vec<u8>,
    place: Option<Location>,
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
    pub(super) const fn empty() -> Self {
        Self { area: Vec::new(), place: None }
    }

    pub(super) fn reserve(&mut self, len: usize) -> usize {
        if len > abi::INPUT_BYTES_MAX {
            return 0;
        }
        if len == 0 {
            self.area.truncate(KEPT_BYTES);
            self.area.shrink_to_fit();
        }
        if self.area.len() < len {
            self.area.resize(len.max(KEPT_BYTES), 0);
        }
        self.area.as_ptr() as usize
    }

    pub(super) fn bytes(&self, len: usize) -> &[u8] {
        self.area.get(..len).unwrap_or(&[])
    }

    pub(super) fn locate(&mut self, latitude: f64, longitude: f64) {
        self.place = Location::from_degrees(latitude, longitude);
    }

    pub(super) fn request(&mut self, begin: &Begin, needed: usize) -> Read<'_> {
        let place = self.place.take();
        let (host, rest) = split(&self.area, begin.host);
        let (path, rest) = split(rest, begin.path);
        let (query, mut rest) = split(rest, begin.query);
        let mut headers = [None; NEEDED_HEADERS_MAX];
        let count = needed.min(NEEDED_HEADERS_MAX);
        for value in headers.iter_mut().take(count) {
            (*value, rest) = prefixed(rest);
        }
        let remaining = (begin.caller & caller::REMAINING != 0).then(|| micros(begin.remaining_ms));
        let caller = Caller {
            remaining,
            place,
            depth: u8::try_from(begin.caller & caller::DEPTH_MASK).unwrap_or(u8::MAX),
            https: begin.caller & caller::HTTPS != 0,
            idempotency_key: begin.caller & caller::IDEMPOTENCY_KEY != 0,
        };
        let body = match begin.body {
            abi::body::NONE => Body::None,
            known => u32::try_from(known).map_or(Body::Stream, Body::Sized),
        };
        let method = Method::from_number(begin.method);
        Read {
            request: Request { host, path, query, method, headers: &[], body, caller },
            headers,
            count,
        }
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
    rest.split_at_checked(usize::from(len))
        .map_or((None, &[][..]), |(value, rest)| (Some(value), rest))
}
