//! A request as hosts hand it in.

use crate::{
    balance::geographic::Location, method::Method, path::NormalPath, route::RequestHead,
    time::Micros,
};

/// Whether a request's body can be sent again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a body is one of these")]
pub enum Body {
    /// There is none.
    None,
    /// Its length in bytes is known before it is read.
    Sized(u32),
    /// A stream of unknown length.
    Stream,
}

/// What the host knows of the caller.
#[derive(Clone, Copy, Debug, Default)]
pub struct Caller {
    /// What the caller says is left of its time.
    pub remaining: Option<Micros>,
    /// Where the caller is.
    pub place: Option<Location>,
    /// Mesh hops so far.
    pub depth: u8,
    /// True where the request came over TLS.
    pub https: bool,
    /// True where it carries an `Idempotency-Key`.
    pub idempotency_key: bool,
}

/// A request as it comes in. Bytes are as the wire had them; the machine normalises the path.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Host with or without port.
    pub host: &'a [u8],
    /// Path without query.
    pub path: &'a [u8],
    /// After the `?`.
    pub query: &'a [u8],
    /// Method.
    pub method: Method,
    /// Values of `snapshot.routes().headers`, in that order.
    pub headers: &'a [Option<&'a [u8]>],
    /// The body.
    pub body: Body,
    /// The caller.
    pub caller: Caller,
}

/// A request as the machine looks at it.
#[derive(Clone, Copy)]
pub(super) struct Arrival<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) path: NormalPath<'a>,
    /// What routing looks at.
    pub(super) head: RequestHead<'a>,
}

impl<'a> Arrival<'a> {
    #[inline(always)]
    pub(super) const fn of(request: &'a Request<'a>, path: NormalPath<'a>) -> Self {
        let Request { host, query, method, headers, .. } = *request;
        let head = RequestHead { host, path: path.as_bytes(), query, method, headers };
        Self { request, path, head }
    }
}
