//! The input area: where the host writes a request's bytes.

use alloc::vec::Vec;

use mesh_core::{
    balance::geographic::Location,
    machine::{Body, Caller, Request},
    method::Method,
    snapshot::SPARE_BYTES,
};

use super::{
    abi::{self, caller, given},
    millis_in,
};

/// The least room.
const KEPT_BYTES: usize = 4 * 1024;

#[derive(Debug)]
pub(super) struct Input {
    area: Vec<u8>,
    place: Option<Location>,
}

impl Input {
    pub(super) const fn empty() -> Self {
        Self { area: Vec::new(), place: None }
    }

    pub(super) fn reserve(&mut self, len: usize) -> usize {
        if len > abi::INPUT_BYTES_MAX {
            return 0;
        }
        if self.area.len() < len {
            // room for what a Snapshot is kept with, so that it can stay where it was written
            self.area.reserve_exact(len.saturating_add(SPARE_BYTES));
            self.area.resize(len.max(KEPT_BYTES), 0);
        }
        self.area.as_ptr() as usize
    }

    /// Gives away the first `len` bytes; what was written is gone then.
    pub(super) fn take(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = core::mem::take(&mut self.area);
        if len > bytes.len() {
            bytes.clear();
        }
        bytes.truncate(len);
        bytes
    }

    pub(super) fn bytes(&self, len: usize) -> &[u8] {
        self.area.get(..len).unwrap_or(&[])
    }

    #[cfg(feature = "balancers")]
    pub(super) fn locate(&mut self, latitude: f64, longitude: f64) {
        self.place = Location::from_degrees(latitude, longitude);
    }

    /// The request whose numbers are in `slots`; `headers` has room for what the Snapshot needs.
    pub(super) fn request<'a>(
        &'a mut self,
        slots: &[i32],
        headers: &'a mut [Option<&'a [u8]>],
    ) -> Request<'a> {
        let slot = |slot: usize| slots.get(slot).copied().unwrap_or(0);
        let place = self.place.take();
        let (host, rest) = split(&self.area, slot(given::HOST));
        let (path, rest) = split(rest, slot(given::PATH));
        let (query, mut rest) = split(rest, slot(given::QUERY));
        for value in headers.iter_mut() {
            (*value, rest) = prefixed(rest);
        }
        let bits = slot(given::CALLER).cast_unsigned();
        let caller = Caller {
            remaining: millis_in(slot(given::REMAINING_MS)),
            place,
            depth: u8::try_from(bits & caller::DEPTH_MASK).unwrap_or(u8::MAX),
            https: bits & caller::HTTPS != 0,
            idempotency_key: bits & caller::IDEMPOTENCY_KEY != 0,
        };
        let body = match slot(given::BODY) {
            abi::body::NONE => Body::None,
            known => u32::try_from(known).map_or(Body::Stream, Body::Sized),
        };
        let method = Method::from_number(slot(given::METHOD).cast_unsigned());
        Request { host, path, query, method, headers, body, caller }
    }
}

fn split(bytes: &[u8], len: i32) -> (&[u8], &[u8]) {
    let len = usize::try_from(len).unwrap_or(usize::MAX);
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
